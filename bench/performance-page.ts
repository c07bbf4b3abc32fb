import { COST_PARALLEL } from './capacity.ts';
import { describeChanges } from './changes-page.ts';
import { describeGrowth } from './growth-page.ts';
import { conditions, figure, measuredOnce, table } from './page-parts.ts';
import { conditionsOf } from './result.ts';
import type { BenchResult, Cell } from './result.ts';
import { describeSoak } from './soak-page.ts';
import type { Figure } from './statistics.ts';

/** Everything that docs/performance.md says in figures, in Markdown. */
export function describePerformance(result: BenchResult): string {
  const { whole, orchestration } = result;
  return [
    '## From the click to the payment session',
    headline(result),
    '![From the click to payment_session_id](pictures/performance/click-to-session.svg)',
    '![Orders a second](pictures/performance/orders-per-second.svg)',
    describeWhole(whole.cells, whole.ratios),
    conditions(conditionsOf(result, 'whole'), [
      `Temporal: ${whole.temporalFlags.map((flag) => `\`${flag}\``).join(' ')}`,
      'Worker, gateway, Directus and PostgreSQL: as `npm start` runs them',
    ]),
    '## What an order costs',
    '![CPU of one order by process](pictures/performance/cpu-per-order.svg)',
    describeCosts(result),
    describeHistory(result),
    '## The orchestration alone',
    '![What the workflow adds to the waits](pictures/performance/orchestration.svg)',
    describeOrchestration(orchestration),
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
  const ratios = whole.ratios
    .filter(({ parallel }) => parallel === alone)
    .map(({ partnerMs, p50 }) => `**${figure(p50, 2)} times** as long if RideNDine takes ${partnerMs} ms`);
  const { durable, plain, ratio } = whole.saturation;
  return [
    `One order at a time, an order by the workflow takes ${ratios.join(', ')}, compared with the plain handler (medians).`,
    `The most that both were seen to place on the same cores: ${figure(durable.ordersPerSecond, 1)} orders/s by the workflow`,
    `(${durable.parallel} in parallel), ${figure(plain.ordersPerSecond, 1)} by the plain handler (${plain.parallel} in parallel):`,
    `**${figure(ratio, 2)}** of it.`,
  ].join(' ');
}

function describeWhole(cells: Cell[], ratios: BenchResult['whole']['ratios']): string {
  return table(
    [
      'RideNDine takes',
      'in parallel',
      'workflow p50',
      'p95',
      'p99',
      'plain p50',
      'p95',
      'p99',
      'p50 : p50',
      'workflow orders/s',
      'plain orders/s',
    ],
    ratios.map(({ partnerMs, parallel, p50 }) => {
      const of = (variant: string) =>
        cells.find((cell) => cell.variant === variant && cell.partnerMs === partnerMs && cell.parallel === parallel);
      const [durable, plain] = [of('durable'), of('plain')];
      return [
        `${partnerMs} ms`,
        String(parallel),
        ...latencies(durable),
        ...latencies(plain),
        figure(p50, 2),
        durable ? figure(durable.ordersPerSecond, 1) : '–',
        plain ? figure(plain.ordersPerSecond, 1) : '–',
      ];
    }),
  );
}

function describeCosts({ whole }: BenchResult): string {
  const { partnerMs } = whole.saturation;
  const near = (variant: string) =>
    whole.cells
      .filter((cell) => cell.variant === variant && cell.partnerMs === partnerMs)
      .toSorted((a, b) => Math.abs(a.parallel - COST_PARALLEL) - Math.abs(b.parallel - COST_PARALLEL))[0];
  const [durable, plain] = [near('durable'), near('plain')];
  const names = Object.keys(durable?.cpuMsPerOrder ?? {});
  return [
    `CPU in milliseconds of one core, at ${durable?.parallel} in parallel, RideNDine taking ${partnerMs} ms. What a process uses at rest is not in it.`,
    table(
      ['process', 'by workflow', 'its busiest thread', 'by plain handler', 'at rest, ms a second', 'memory'],
      names.map((name) => [
        name,
        optional(durable?.cpuMsPerOrder[name], 1),
        boundToOneThread.has(name) ? optional(durable?.busiestThreadCpuMsPerOrder[name], 1) : '–',
        optional(plain?.cpuMsPerOrder[name], 1),
        name in whole.atRest ? (whole.atRest[name]?.cpuMsPerSecond ?? 0).toFixed(0) : '–',
        name in (durable?.memoryBytes ?? {}) ? `${Math.round((durable?.memoryBytes[name] ?? 0) / 1e6)} MB` : '–',
      ]),
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

function describeOrchestration({ waitsMs, cells, overheads, servers }: BenchResult['orchestration']): string {
  return [
    `The real workflow, its four steps replaced by waits of ${waitsMs.join(', ')} ms, against the same waits in turn.`,
    table(
      ['server', 'in parallel', 'p50', 'p95', 'p99', 'more than the waits', 'orders/s', 'CPU ms an order'],
      overheads.map(({ variant, parallel, p50Ms }) => {
        const cell = cells.find((one) => one.variant === variant && one.parallel === parallel);
        const cpu = Object.entries(cell?.cpuMsPerOrder ?? {}).map(([name, used]) => `${name} ${used.value.toFixed(1)}`);
        return [
          servers.find((server) => server.variant === variant)?.title ?? variant,
          String(parallel),
          ...latencies(cell),
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

/** Programs of Node. */
const boundToOneThread = new Set(['gateway', 'worker', 'directus', 'plain handler', 'ridendine sandbox']);

function latencies(cell: Cell | undefined): string[] {
  if (!cell) return ['–', '–', '–'];
  const { p50, p95, p99 } = cell.latencyMs;
  return [figure(p50, 0), figure(p95, 0), figure(p99, 0)];
}

/** A dash for what was not there, or came to nothing. */
function optional(value: Figure | undefined, digits: number): string {
  return value && value.highest >= 10 ** -digits ? figure(value, digits) : '–';
}

function times({ p50, p95 }: { p50: number; p95: number }): string {
  return `${p50.toFixed(1)} / ${p95.toFixed(1)} ms`;
}
