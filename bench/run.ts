import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { onLauncherGone } from '../stack/launcher-link.ts';
import { consoleProgress } from '../stack/progress.ts';
import { PartCrashed } from '../stack/supervisor.ts';
import { findTemporalServer } from '../test/support/find-temporal-server.ts';
import { changeVariants } from './change-variants.ts';
import { measureChanges } from './changes.ts';
import { measureDirectusCalls } from './directus-calls.ts';
import { measureGrowth } from './growth.ts';
import { describeMachine } from './machine.ts';
import { isMeasured, jsonIn, measuredFile, readBenchResult } from './measured.ts';
import { measureOrchestration } from './orchestration.ts';
import { describePerformance } from './performance-page.ts';
import { startProductionServer } from './production-server.ts';
import { benchParts, conditionsOf } from './result.ts';
import type { BenchPart, BenchResult, Conditions } from './result.ts';
import { measureSoak, soakResult, usualSoak } from './soak.ts';
import type { SoakPlan } from './soak.ts';
import { startDevServer } from './temporal-servers.ts';
import { measureWhole, wholeResult } from './whole.ts';
import { writePages } from './written-pages.ts';

/** Git leaves it alone. */
const folder = fileURLToPath(new URL('../.bench', import.meta.url));
const resultFile = path.join(folder, 'result.json');

const USAGE = `npm run bench [-- OPTION …]

Measures what an order takes, prints it, and leaves the result in .bench/result.json: docs/performance.md says how.
  --rounds N          how often each variant is measured, but for the part soak; 5
  --orders N          of one caller in each round, of many callers more, in the part changes half; 60
  --only PART,…       of ${benchParts.join(', ')}; the other parts stay as they
                      were in the last result, or as the documents show them
  --stored N,…        orders that Directus holds in the part growth; 10000,100000,1000000
  --soak-orders N     orders of the part soak, of which the first half warms up; 20000
  --soak-rate N       of them a second, less than the machine carries at most; 8
  --write             also writes the figures into the documents
  --from FILE         measures nothing, but prints an earlier result; with --write it writes that
  --help              this text
Exit code: 0 if it is done, 1 if it could not be, 130 if it was interrupted.`;

const INTERRUPTED = 130;

const progress = consoleProgress();
const stopRequested = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopRequested.abort());
onLauncherGone(() => stopRequested.abort());

process.exitCode = await run();
// What hangs on here is a connection or a timer: everything that matters is stopped.
process.exit();

async function run(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        orders: { type: 'string', default: '60' },
        only: { type: 'string', default: benchParts.join(',') },
        stored: { type: 'string', default: '10000,100000,1000000' },
        'soak-orders': { type: 'string', default: '20000' },
        'soak-rate': { type: 'string', default: '8' },
        write: { type: 'boolean', default: false },
        from: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      progress.say(USAGE);
      return 0;
    }
    const text = values.from
      ? await readFile(values.from, 'utf8')
      : await measure({
          rounds: wholeNumber('rounds', values.rounds),
          orders: wholeNumber('orders', values.orders),
          parts: partsNamed(values.only),
          stored: values.stored.split(',').map((number) => wholeNumber('stored', number)),
          soak: {
            orders: wholeNumber('soak-orders', values['soak-orders']),
            ordersPerSecond: wholeNumber('soak-rate', values['soak-rate']),
          },
        });
    // Whether it was measured now or then, the same result is written in the same order.
    const result = readBenchResult(text);
    progress.say(`\n${describePerformance(result)}\n`);
    if (values.write) for (const file of await writePages(result)) progress.say(`Written: ${file}`);
    return 0;
  } catch (error) {
    if (stopRequested.signal.aborted) return INTERRUPTED;
    if (error instanceof PartCrashed) progress.complain(`\n${error.lastLines.join('\n')}`);
    progress.complain(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** What all parts have in common; a part adds what is its own. */
interface Plan {
  rounds: number;
  parallel: number[];
  warmUpOrders: number;
  ordersFor: (parallel: number) => number;
  atRestMs: number;
  /** Orders in Directus. */
  stored: number[];
  soak: SteadyLoad;
}

/** Orders that come whether or not those before them are answered. */
type SteadyLoad = Pick<SoakPlan, 'orders' | 'ordersPerSecond'>;

/** By what each part is measured. */
function measuresOf(plan: Plan): { [Part in BenchPart]: () => Promise<BenchResult[Part]> } {
  const { signal } = stopRequested;
  return {
    async whole() {
      progress.say('From the click to the payment session');
      return wholeResult(await measureWhole({ plan: { ...plan, partnersMs: [20, 300] }, progress, signal }));
    },
    directus() {
      progress.say('Directus alone');
      const directusPlan = { ...plan, orders: plan.ordersFor(1) };
      return measureDirectusCalls({ plan: directusPlan, progress, signal });
    },
    orchestration() {
      progress.say('The orchestration alone');
      const startServers = [() => startDevServer('memory'), () => startDevServer('file'), startProductionServer];
      return measureOrchestration({ plan, startServers, progress, signal });
    },
    growth() {
      progress.say('More orders, workers and items');
      return measureGrowth({
        plan: {
          ...plan,
          partnerMs: 20,
          stored: { values: plan.stored, parallel: [1, 8] },
          workers: { values: [1, 2, 4], parallel: [32] },
          items: { values: [1, 5, 20, 50, 100], parallel: [1, 8] },
        },
        progress,
        signal,
      });
    },
    async soak() {
      progress.say('Many orders at a steady rate');
      return soakResult(await measureSoak({ plan: { ...usualSoak, ...plan.soak }, progress, signal }));
    },
    changes() {
      progress.say('Each change alone');
      const changesPlan = {
        ...plan,
        parallel: [1, 32],
        // There are many of them, and each begins anew in each round.
        warmUpOrders: Math.ceil(plan.warmUpOrders / 3),
        ordersFor: (parallel: number) => Math.ceil(plan.ordersFor(parallel) / 2),
        atRestMs: 1_000,
        bursts: Math.ceil(plan.ordersFor(1) / 4),
      };
      return measureChanges({ plan: changesPlan, variants: changeVariants, progress, signal });
    },
  };
}

/** @returns the whole result, as JSON. */
async function measure(options: {
  rounds: number;
  orders: number;
  parts: BenchPart[];
  stored: number[];
  soak: SteadyLoad;
}): Promise<string> {
  const { rounds, orders, parts, stored, soak } = options;
  const plan = {
    rounds,
    parallel: [1, 8, 32, 64],
    warmUpOrders: 2 * orders,
    // As long for each caller as it takes one alone, a sixth of the time.
    ordersFor: (parallel: number) => Math.max(orders, Math.ceil((parallel * orders) / 6)),
    atRestMs: 5_000,
    stored,
    soak,
  };
  const conditions = { measuredOn: new Date().toISOString().slice(0, 10), rounds, machine: describeMachine() };
  // What is missing is missed now, not after half of the time.
  if (parts.includes('orchestration')) {
    await progress.step('Programs', async (doing) => {
      doing("looking for Temporal's production server, or building it (once, about 2 minutes)");
      await findTemporalServer(process.env);
    });
  }
  const earlier = await earlierResult();
  const outdated = benchParts.filter((part) => !parts.includes(part) && !isMeasured(part, earlier[part]));
  if (outdated.length > 0) {
    throw new Error(`What was measured last of ${outdated.join(', ')} is of an older benchmark: add it to --only.`);
  }
  await mkdir(folder, { recursive: true });
  const measureOf = measuresOf(plan);
  const measured: Partial<BenchResult> = {};
  let result = '';
  // Written after each part: what comes after it may fail.
  for (const part of parts) {
    Object.assign(measured, { [part]: await measureOf[part]() });
    result = JSON.stringify(together(earlier, measured, conditions), undefined, 2);
    await writeFile(resultFile, `${result}\n`);
  }
  progress.say(`\nResult: ${path.relative(process.cwd(), resultFile)}`);
  return result;
}

/** The last result, with those parts of the documents' that it lacks. It may be of an older benchmark. */
async function earlierResult(): Promise<Partial<BenchResult>> {
  const shown = jsonIn(await readFile(measuredFile, 'utf8')) as BenchResult;
  if (!existsSync(resultFile)) return shown;
  const last = jsonIn(await readFile(resultFile, 'utf8')) as Partial<BenchResult>;
  const lacking = benchParts.filter((part) => !(part in last)).map((part) => [part, conditionsOf(shown, part)]);
  return {
    ...shown,
    ...last,
    measuredApart: { ...last.measuredApart, ...(Object.fromEntries(lacking) as Record<string, Conditions>) },
  };
}

function together(earlier: Partial<BenchResult>, measured: Partial<BenchResult>, conditions: Conditions) {
  if (benchParts.every((part) => part in measured)) return { ...conditions, ...measured };
  const apart = Object.fromEntries(Object.keys(measured).map((part) => [part, conditions]));
  return { ...earlier, ...measured, measuredApart: { ...earlier.measuredApart, ...apart } };
}

function partsNamed(text: string): BenchPart[] {
  const names = text.split(',');
  const unknown = names.filter((name) => !benchParts.some((part) => part === name));
  if (unknown.length > 0)
    throw new Error(`--only knows ${benchParts.join(', ')}, not ${unknown.map((name) => `"${name}"`).join(', ')}.`);
  return benchParts.filter((part) => names.includes(part));
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1 on.`);
  return value;
}
