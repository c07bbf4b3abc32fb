import { setTimeout as delay } from 'node:timers/promises';
import * as fc from 'fast-check';
import type { Engine } from './engine.ts';
import { runSchedule } from './run-schedule.ts';
import type { Findings } from './run-schedule.ts';
import { anySchedule } from './schedule.ts';
import type { Schedule } from './schedule.ts';

export interface Violation {
  seed: number;
  /** The smallest schedule found that breaks the same rule. */
  schedule: Schedule;
  broken: string[];
  story: string[];
  /** How many times the schedule broke the same rule in further runs. */
  again?: { times: number; runs: number };
}

type RunOnce = (schedule: Schedule) => Promise<Pick<Violation, 'broken' | 'story'>>;

export interface SearchResult {
  runs: number;
  violations: Violation[];
  /** How often each pair of action and state was reached. */
  coverage: Map<string, number>;
}

/** How many schedules run at once: each of them mostly waits. On a busy machine fewer run at once. */
const MOST_AT_ONCE = 24;
const LEAST_AT_ONCE = 2;

/** If a timer is this late, the machine is busy: attempts with a time-out of one second would run out of time. */
const BUSY_MS = 40;
const LOOK_MS = 50;

/**
 * Runs schedules, each drawn with its own seed, until all have run or one breaks a rule. Then makes that schedule as
 * small as possible.
 */
export async function search(
  engine: Engine,
  {
    runs,
    seed,
    shrinks = true,
    onProgress = () => {},
  }: { runs: number; seed: number; shrinks?: boolean; onProgress?: (done: number) => void },
): Promise<SearchResult> {
  const coverage = new Map<string, number>();
  const violations: Violation[] = [];
  const run = (schedule: Schedule) => runUndisturbed(engine, schedule);
  let done = 0;
  async function runOne(own: number): Promise<void> {
    const schedule = draw(own);
    const { broken, reached, story } = await run(schedule);
    for (const pair of reached) coverage.set(pair, (coverage.get(pair) ?? 0) + 1);
    if (broken.length > 0) violations.push({ seed: own, schedule, broken, story });
    done += 1;
    onProgress(done);
  }
  const underWay = new Set<Promise<void>>();
  for (let begun = 0; begun < runs && violations.length === 0; begun += 1) {
    const one: Promise<void> = runOne(seed + begun).finally(() => underWay.delete(one));
    underWay.add(one);
    while (underWay.size >= MOST_AT_ONCE || (underWay.size >= LEAST_AT_ONCE && (await isBusy()))) {
      await Promise.race(underWay);
    }
  }
  await Promise.all(underWay);
  const shrunk = async (found: Violation) => await again(await shrink(found, run), run);
  // Further violations that were found at the same time are reported as they are.
  const [first, others] = shrinks ? [violations.slice(0, 1), violations.slice(1)] : [[], violations];
  return {
    runs: done,
    violations: [...(await Promise.all(first.map(shrunk))), ...others],
    coverage,
  };
}

/** How long a failed worker can hold up schedules, and how often a schedule is run at most because workers failed. */
const HELD_UP_MS = 60_000;
const MOST_TRIES = 3;

/**
 * Runs a schedule. Runs it again if it broke a rule while a worker failed by the SDK's fault, because that says nothing
 * about the product.
 */
async function runUndisturbed(engine: Engine, schedule: Schedule): Promise<Findings> {
  for (let tries = 1; ; tries += 1) {
    const began = Date.now();
    const findings = await runSchedule(engine, schedule).catch(failed);
    const isDisturbed = engine.failedAt() > began - HELD_UP_MS;
    if (findings.broken.length === 0 || !isDisturbed || tries === MOST_TRIES) return findings;
  }
}

async function isBusy(): Promise<boolean> {
  const began = performance.now();
  await delay(LOOK_MS);
  return performance.now() - began > LOOK_MS + BUSY_MS;
}

function failed(error: unknown): Findings {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { broken: [`The schedule could not be carried out: ${text}`], reached: [], story: [] };
}

/** Options that make fast-check draw one schedule, always the same one for a seed. */
const once = (seed: number) => ({ seed, numRuns: 1, unbiased: true });

export function draw(seed: number): Schedule {
  const drawn: Schedule[] = [];
  fc.check(
    fc.property(anySchedule, (schedule) => void drawn.push(schedule)),
    once(seed),
  );
  const [schedule] = drawn;
  if (!schedule) throw new Error('Nothing was drawn.');
  return schedule;
}

const RUNS_AGAIN = 5;

/** Counts in how many further runs the violation comes again. One that depends on timing does not come in each run. */
async function again(found: Violation, run: RunOnce): Promise<Violation> {
  const broken = await Promise.all(Array.from({ length: RUNS_AGAIN }, async () => (await run(found.schedule)).broken));
  const times = broken.filter((each) => breaksTheSame(found.broken, each)).length;
  return { ...found, again: { times, runs: RUNS_AGAIN } };
}

/** Whether one of the rules is the same. Keys, quotes and counts may differ. */
function breaksTheSame(first: string[], second: string[]): boolean {
  return second.some((one) => first.some((other) => withoutNumbers(one) === withoutNumbers(other)));
}

function withoutNumbers(sentence: string): string {
  return sentence.replaceAll(/\d+/g, '');
}

/** How long smaller schedules are tried. */
const SHRINKING_MS = 5 * 60_000;

/**
 * @returns the smallest schedule found that breaks the same rule. A violation that depends on timing may not shrink.
 */
export async function shrink(found: Violation, run: RunOnce): Promise<Violation> {
  let smallest = found;
  await fc.check(
    fc.asyncProperty(anySchedule, async (schedule) => {
      const { broken, story } = await run(schedule);
      if (!breaksTheSame(found.broken, broken)) return true;
      smallest = { seed: found.seed, schedule, broken, story };
      return false;
    }),
    { ...once(found.seed), interruptAfterTimeLimit: SHRINKING_MS },
  );
  return smallest;
}
