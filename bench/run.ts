import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endWithNpm } from '../stack/npm-script.ts';
import { consoleProgress } from '../stack/progress.ts';
import { PartCrashed } from '../stack/supervisor.ts';
import { findTemporalServer } from '../test/support/find-temporal-server.ts';
import { namedChanges } from './named-changes.ts';
import { describePerformance, writePages } from './page.ts';
import { measureChanges } from './parts/changes.ts';
import { measureGrowth } from './parts/growth.ts';
import { measureOrchestration } from './parts/orchestration.ts';
import { measureProfile } from './parts/profile.ts';
import { measureSoak } from './parts/soak.ts';
import { measureWhole } from './parts/whole.ts';
import { benchParts, BUSY_PARALLEL, earlierParts, readBenchResult, writtenResult } from './results.ts';
import type { BenchPart, Conditions, Measured } from './results.ts';
import { startDevServer, startProductionServer } from './temporal-servers.ts';

/** Git ignores this file. */
const resultFile = fileURLToPath(new URL('../.bench/result.json', import.meta.url));

const USAGE = `npm run bench [-- OPTION …]

Measures what an order takes, prints it, and leaves the result in .bench/result.json: docs/performance.md says how.
  --only PART,…       of ${benchParts.join(', ')}; the others keep their last result
  --rounds N          how often each variant is measured; 5
  --orders N          of one caller in each round, more of many callers, half of it in the part changes; 60
  --changes TEXT      in the part changes only those with this in their name; may be repeated
  --stored N,…        orders that Directus holds in the part growth; 10000,100000,1000000
  --soak-orders N     orders of the part soak; 20000
  --soak-rate N       of them a second, less than the machine carries at most; 8
  --write             also writes the result and its figures into the repository
  --from FILE         measures nothing, but takes an earlier result
  --help              this text
Exit code: 0 if it is done, 1 if it could not be, 130 if it was interrupted.`;

const progress = consoleProgress();
const stopRequested = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopRequested.abort());
endWithNpm();

process.exitCode = await run();
// Only a connection or a timer can still be open here. Everything that matters is stopped.
process.exit();

async function run(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: benchParts.join(',') },
        rounds: { type: 'string', default: '5' },
        orders: { type: 'string', default: '60' },
        changes: { type: 'string', multiple: true, default: [''] },
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
    const text = values.from === undefined ? await measure(values) : await readFile(values.from, 'utf8');
    const result = readBenchResult(text);
    progress.say(`\n${describePerformance(result)}\n`);
    if (!values.write) return 0;
    const missing = namedChanges.filter(({ name }) => !(name in result.changes.bursts));
    if (missing.length > 0) {
      throw new Error(`Not written: nothing was measured of ${missing.map(({ name }) => `"${name}"`).join(', ')}.`);
    }
    for (const file of await writePages(result)) progress.say(`Written: ${file}`);
    return 0;
  } catch (error) {
    if (stopRequested.signal.aborted) return 130;
    if (error instanceof PartCrashed) progress.complain(`\n${error.lastLines.join('\n')}`);
    progress.complain(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

type Options = Record<'only' | 'rounds' | 'orders' | 'stored' | 'soak-orders' | 'soak-rate', string> & {
  changes: string[];
};

/** @returns the new result as JSON, with earlier results of the parts that were not measured. */
async function measure(options: Options): Promise<string> {
  const parts = partsNamed(options.only);
  const measures = measuresOf(options);
  const rounds = wholeNumber('rounds', options.rounds);
  const conditions: Conditions = {
    measuredOn: new Date().toISOString().slice(0, 10),
    rounds,
    machine: describeMachine(),
  };
  let result = await earlierParts(resultFile, parts);
  if (parts.includes('orchestration')) {
    // A missing program must be reported now, not after half of the measurement.
    await progress.step('Programs', (doing) => findTemporalServer(process.env, doing).then(() => undefined));
  }
  await mkdir(path.dirname(resultFile), { recursive: true });
  for (const part of parts) {
    progress.say(`Part ${part}`);
    const measured = { ...conditions, ...(await measures[part]()) };
    // Written after each part, because a later part may fail.
    result = Object.fromEntries(
      benchParts.flatMap((name) => (name === part ? [[name, measured]] : name in result ? [[name, result[name]]] : [])),
    );
    await writeFile(resultFile, writtenResult(result));
  }
  progress.say(`\nResult: ${path.relative(process.cwd(), resultFile)}`);
  return writtenResult(result);
}

function measuresOf(options: Options): { [Part in BenchPart]: () => Promise<Measured<Part>> } {
  const orders = wholeNumber('orders', options.orders);
  const plan = {
    rounds: wholeNumber('rounds', options.rounds),
    parallel: [1, 8, 32, 64],
    warmUpOrders: 2 * orders,
    // With many callers, each caller places a sixth of the orders that one caller alone places.
    ordersFor: (parallel: number) => Math.max(orders, Math.ceil((parallel * orders) / 6)),
    atRestMs: 5_000,
  };
  const growth = {
    ...plan,
    parallel: [1, 8],
    partnerMs: 20,
    stored: options.stored.split(',').map((number) => wholeNumber('stored', number)),
    items: [1, 5, 20, 50, 100],
  };
  const soak = {
    orders: wholeNumber('soak-orders', options['soak-orders']),
    ordersPerSecond: wholeNumber('soak-rate', options['soak-rate']),
    partnerMs: 300,
    warmUpOrders: 120,
    collectEveryMs: 20_000,
    // The gateway keeps an idle connection for 72 s.
    settleMs: 80_000,
  };
  const changes = {
    ...plan,
    parallel: [1, 32],
    // Fewer orders, because there are many changes and each starts a new server and worker in each round.
    warmUpOrders: Math.ceil(plan.warmUpOrders / 3),
    ordersFor: (parallel: number) => Math.ceil(plan.ordersFor(parallel) / 2),
    atRestMs: 1_000,
    changes: changesNamed(options.changes),
    bursts: Math.ceil(orders / 4),
  };
  const startServers = [() => startDevServer('memory'), () => startDevServer('file'), startProductionServer];
  const common = { progress, signal: stopRequested.signal };
  return {
    whole: () => measureWhole({ plan: { ...plan, partnersMs: [20, 300] }, ...common }),
    orchestration: () => measureOrchestration({ plan, startServers, ...common }),
    profile: () => measureProfile({ plan: { ...plan, orders: 10 * orders, parallel: BUSY_PARALLEL }, ...common }),
    changes: () => measureChanges({ plan: changes, ...common }),
    growth: () => measureGrowth({ plan: growth, ...common }),
    soak: () => measureSoak({ plan: soak, ...common }),
  };
}

function describeMachine(): Conditions['machine'] {
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model.trim() || 'unknown',
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    loadBefore: os.loadavg()[0] ?? 0,
  };
}

function changesNamed(parts: string[]): typeof namedChanges {
  const found = namedChanges.filter(({ name }) => parts.some((part) => name.includes(part)));
  if (found.length > 0) return found;
  throw new Error(`--changes finds none of: ${namedChanges.map(({ name }) => name).join('; ')}.`);
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
