import * as fc from 'fast-check';
import type { Engine } from './engine.ts';
import { runSchedule } from './run-schedule.ts';
import { anySchedule } from './schedule.ts';
import type { Schedule } from './schedule.ts';

export interface Violation {
  seed: number;
  /** The smallest schedule that was found to do the same. */
  schedule: Schedule;
  broken: string[];
  story: string[];
}

export interface SearchResult {
  runs: number;
  violations: Violation[];
  /** How often each pair of action and state was reached. */
  coverage: Map<string, number>;
}

/** So many schedules are under way at once: each of them mostly waits. */
const AT_ONCE = 24;

/**
 * Runs schedules, each drawn by a seed of its own, until all have run or one breaks a rule. That one is made as small as
 * it gets.
 */
export async function search(
  engine: Engine,
  {
    runs,
    seed,
    atOnce = AT_ONCE,
    shrinks = true,
    onProgress = () => {},
  }: { runs: number; seed: number; atOnce?: number; shrinks?: boolean; onProgress?: (done: number) => void },
): Promise<SearchResult> {
  const coverage = new Map<string, number>();
  const violations: Violation[] = [];
  let begun = 0;
  let done = 0;
  async function next(): Promise<void> {
    while (begun < runs && violations.length === 0) {
      const own = seed + begun;
      begun += 1;
      const schedule = draw(own);
      const { broken, reached, story } = await runSchedule(engine, schedule);
      for (const pair of reached) coverage.set(pair, (coverage.get(pair) ?? 0) + 1);
      if (broken.length > 0) violations.push({ seed: own, schedule, broken, story });
      done += 1;
      onProgress(done);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, next));
  return {
    runs: done,
    violations: shrinks
      ? await Promise.all(
          violations.slice(0, 1).map((found) => shrink(found, (smaller) => runSchedule(engine, smaller))),
        )
      : violations,
    coverage,
  };
}

/** One schedule from a seed, as a search for smaller ones draws it first. */
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

/** So long smaller schedules are tried. */
const SHRINKING_MS = 5 * 60_000;

/** The smallest schedule that breaks a rule as this one does. One that depends on the instant stays as it was found. */
export async function shrink(
  found: Violation,
  run: (schedule: Schedule) => Promise<Pick<Violation, 'broken' | 'story'>>,
): Promise<Violation> {
  let smallest = found;
  await fc.check(
    fc.asyncProperty(anySchedule, async (schedule) => {
      const { broken, story } = await run(schedule);
      if (broken.length > 0) smallest = { seed: found.seed, schedule, broken, story };
      return broken.length === 0;
    }),
    { ...once(found.seed), interruptAfterTimeLimit: SHRINKING_MS },
  );
  return smallest;
}
