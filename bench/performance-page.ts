import { describeAims } from './aims-page.ts';
import { COST_PARALLEL } from './capacity.ts';
import { describeChanges } from './changes-page.ts';
import { describeDirectusCalls } from './directus-calls-page.ts';
import { describeGrowth } from './growth-page.ts';
import { conditions, figure, measuredOnce, table } from './page-parts.ts';
import { conditionsOf } from './result.ts';
import type { BenchResult, Cell } from './result.ts';
import { describeSoak } from './soak-page.ts';
import type { Figure } from './statistics.ts';
import type { WholeVariant } from './whole.ts';

/** Everything that docs/performance.md says in figures, in Markdown. */
export function describePerformance(result: BenchResult): string {
  const { whole, orchestration } = result;
  return [
    '## What was aimed at',
    describeAims(result),
    '## From the click to the payment session',
    headline(result),
    '![From the click to payment_session_id](pictures/performance/click-to-session.svg)',
    '![Orders a second](pictures/performance/orders-per-second.svg)',
    describeWhole(result),
    conditions(conditionsOf(result, 'whole'), [
      `Temporal: ${whole.temporalFlags.map((flag) => `\`${flag}\``).join(' ')}`,
      'Worker, gateway, Directus and PostgreSQL: as `npm start` runs them',
    ]),
    '## What an order costs',
    '![CPU of one order by process](pictures/performance/cpu-per-order.svg)',
    describeCosts(result),
    describeHistory(result),
    '## What Directus takes of it',
    describeDirectusCalls(result.directus),
    conditions(conditionsOf(result, 'directus'), [
      'Directus and PostgreSQL: as `npm start` runs them, unless it says otherwise',
    ]),
    '## The orchestration alone',
    '![What the workflow adds to the waits](pictures/performance/orchestration.svg)',
    describeOrchestration(result),
    conditions(
      conditionsOf(result, 'orchestration'),
      orchestration.servers.map(
        ({ title, flags }) => `${title}: ${flags.map((flag) => `\`${flag}\``).join(' ') || 'no flags'}`,
      ),
    ),
    ...describeChanges(result),
    ...describeGrowth(result),
    '## Many orders at a steady rate',
    describeSoak(result.soak),
    measuredOnce(conditionsOf(result, 'soak')),
  ].join('\n\n');
}

function headline({ whole }: BenchResult): string {
  const alone = Math.min(...whole.ratios.map(({ parallel }) => parallel));
  const timesAsLong = (variant: string) =>
    whole.ratios
      .filter((ratio) => ratio.variant === variant && ratio.parallel === alone)
      .map(({ partnerMs, p50 }) => `**${figure(p50, 2)} times** as long if RideNDine takes ${partnerMs} ms`)
      .join(', ');
  const { partnerMs: fastestMs, durable, oneProcess, plain } = whole.saturation;
  return [
    `One order at a time, an order by the workflow takes ${timesAsLong('durable')}, compared with the plain handler (medians).`,
    `With gateway and worker [in one process](operations.md#gateway-and-worker-in-one-process) it takes ${timesAsLong('one process')}.`,
    `The most that each was seen to place on the same cores, RideNDine taking ${fastestMs} ms: ${figure(durable.ordersPerSecond, 1)} orders/s by the workflow`,
    `(${durable.parallel} in parallel), ${figure(oneProcess.ordersPerSecond, 1)} in one process (${oneProcess.parallel} in parallel),`,
    `${figure(plain.ordersPerSecond, 1)} by the plain handler (${plain.parallel} in parallel):`,
    `**${figure(durable.ratio, 2)}** and **${figure(oneProcess.ratio, 2)}** of it.`,
  ].join(' ');
}

/** By variant, in the order of the table's lines. */
const variantNames = {
  durable: 'workflow',
  'one process': 'workflow, one process',
  plain: 'plain handler',
} satisfies Record<WholeVariant, string>;

function describeWhole(result: BenchResult): string {
  const { cells, ratios } = result.whole;
  const { rounds } = conditionsOf(result, 'whole');
  const loads = ratios.filter(({ variant }) => variant === 'durable');
  return table(
    ['RideNDine takes', 'in parallel', 'an order by', 'orders', 'p50', 'p95', 'p99', 'p50 : plain p50', 'orders/s'],
    loads.flatMap(({ partnerMs, parallel }) =>
      Object.entries(variantNames).map(([variant, name]) => {
        const isIt = (one: { variant: string; partnerMs: number | null; parallel: number }) =>
          one.variant === variant && one.partnerMs === partnerMs && one.parallel === parallel;
        const cell = cells.find(isIt);
        const ratio = ratios.find(isIt);
        return [
          `${partnerMs} ms`,
          String(parallel),
          name,
          String(cell?.orders ?? 0),
          ...latencies(cell, rounds),
          ratio ? figure(ratio.p50, 2) : '',
          cell ? figure(cell.ordersPerSecond, 1) : '–',
        ];
      }),
    ),
  );
}

function describeCosts({ whole }: BenchResult): string {
  const { partnerMs } = whole.saturation;
  const near = (variant: WholeVariant) =>
    whole.cells
      .filter((cell) => cell.variant === variant && cell.partnerMs === partnerMs)
      .toSorted((a, b) => Math.abs(a.parallel - COST_PARALLEL) - Math.abs(b.parallel - COST_PARALLEL))[0];
  const [durable, oneProcess, plain] = [near('durable'), near('one process'), near('plain')];
  const names = Object.keys(durable?.cpuMsPerOrder ?? {});
  const whereItWorks = (name: string) => (name === ONE_PROCESS ? oneProcess : durable);
  return [
    `CPU in milliseconds of one core, at ${durable?.parallel} in parallel, RideNDine taking ${partnerMs} ms. What a process uses at rest is not in it.`,
    table(
      [
        'process',
        'by workflow',
        'in one process',
        'its busiest thread',
        'by plain handler',
        'at rest, ms a second',
        'memory',
      ],
      names.map((name) => {
        const cell = whereItWorks(name);
        return [
          name,
          optional(durable?.cpuMsPerOrder[name], 1),
          optional(oneProcess?.cpuMsPerOrder[name], 1),
          boundToOneThread.has(name) ? optional(cell?.busiestThreadCpuMsPerOrder[name], 1) : '–',
          optional(plain?.cpuMsPerOrder[name], 1),
          name in whole.atRest ? (whole.atRest[name]?.cpuMsPerSecond ?? 0).toFixed(0) : '–',
          name in (cell?.memoryBytes ?? {}) ? `${Math.round((cell?.memoryBytes[name] ?? 0) / 1e6)} MB` : '–',
        ];
      }),
    ),
    'The callers and the sandbox belong to no installation; here they share its cores.',
  ].join('\n\n');
}

function describeHistory({ whole }: BenchResult): string {
  const { leftOut, events, bytes, workflowTasks, workflowTaskWaitMs, workflowTaskRunMs, activities } = whole.histories;
  return [
    `An order leaves ${events} events and ${Math.round(bytes / 100) / 10} kB in Temporal's history and, with its quote, ${Math.round(whole.databaseBytesPerOrder / 100) / 10} kB in Directus' database. It takes ${workflowTasks} workflow tasks. One order at a time, RideNDine taking ${whole.historiesPartnerMs} ms:`,
    table(
      ['', 'waits for a worker, p50 / p95', 'runs, p50 / p95'],
      [
        ['a workflow task', times(workflowTaskWaitMs), times(workflowTaskRunMs)],
        ...Object.entries(activities).map(([name, { waitMs, runMs }]) => [`\`${name}\``, times(waitMs), times(runMs)]),
      ],
    ),
    ...(leftOut === 0 ? [] : [`Left out are ${leftOut} orders of which a step had to be tried again.`]),
  ].join('\n\n');
}

function describeOrchestration(result: BenchResult): string {
  const { waitsMs, cells, overheads, servers } = result.orchestration;
  const { rounds } = conditionsOf(result, 'orchestration');
  return [
    `The real workflow, its four steps replaced by waits of ${waitsMs.join(', ')} ms, against the same waits in turn.`,
    table(
      ['server', 'in parallel', 'orders', 'p50', 'p95', 'p99', 'more than the waits', 'orders/s', 'CPU ms an order'],
      overheads.map(({ variant, parallel, p50Ms }) => {
        const cell = cells.find((one) => one.variant === variant && one.parallel === parallel);
        const cpu = Object.entries(cell?.cpuMsPerOrder ?? {}).map(([name, used]) => `${name} ${used.value.toFixed(1)}`);
        return [
          servers.find((server) => server.variant === variant)?.title ?? variant,
          String(parallel),
          String(cell?.orders ?? 0),
          ...latencies(cell, rounds),
          `+${figure(p50Ms, 0)} ms`,
          optional(cell?.ordersPerSecond, 1),
          cpu.join(', '),
        ];
      }),
    ),
    ...servers.flatMap(({ title, databaseBytesPerOrder }) =>
      databaseBytesPerOrder === null
        ? []
        : [`An order leaves ${Math.round(databaseBytesPerOrder / 100) / 10} kB in the databases of the ${title}.`],
    ),
  ].join('\n\n');
}

const ONE_PROCESS = 'gateway with worker';
/** Programs of Node. */
const boundToOneThread = new Set(['gateway', 'worker', ONE_PROCESS, 'directus', 'plain handler', 'ridendine sandbox']);

/** Of fewer orders it would be the slowest one. */
const FEWEST_FOR_P99 = 100;

function latencies(cell: Cell | undefined, rounds: number): string[] {
  if (!cell) return ['–', '–', '–'];
  const { p50, p95, p99 } = cell.latencyMs;
  const spread = cell.orders / rounds < FEWEST_FOR_P99 ? p99.value.toFixed(0) : figure(p99, 0);
  return [figure(p50, 0), figure(p95, 0), cell.orders < FEWEST_FOR_P99 ? '–' : spread];
}

/** A dash for what was not there, or came to nothing. */
function optional(value: Figure | undefined, digits: number): string {
  return value && value.highest >= 10 ** -digits ? figure(value, digits) : '–';
}

function times({ p50, p95 }: { p50: number; p95: number }): string {
  return `${p50.toFixed(1)} / ${p95.toFixed(1)} ms`;
}
