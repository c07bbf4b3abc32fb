import { drawBarChart } from './bar-chart.ts';
import type { Bar } from './bar-chart.ts';
import { AS_IS, changeVariants } from './change-variants.ts';
import type { ChangeVariant } from './change-variants.ts';
import { conditions, figure, table } from './page-parts.ts';
import { conditionsOf } from './result.ts';
import type { BenchResult, ChangePoint, ChangesResult } from './result.ts';
import type { Figure } from './statistics.ts';

const KINDS = {
  undone: 'undone',
  tried: 'tried, not taken',
  price: 'price of a promise',
  bare: 'for comparison',
} satisfies Record<ChangeVariant['kind'], string>;

const colours = {
  undone: '#2f6fb3',
  'tried, not taken': '#c07a2c',
  'price of a promise': '#7a8791',
  'for comparison': '#5b8c5a',
};

const LONGER = 'changes-latency.svg';
const FASTER = 'changes-throughput.svg';

/** What docs/performance.md says of each change alone, in Markdown. */
export function describeChanges(result: BenchResult): string[] {
  const { waitsMs, points, bursts, workerReadyMs, temporalFlags } = result.changes;
  const asItIs = points.filter(({ variant }) => variant === AS_IS);
  return [
    '## What each change is worth',
    [
      `The orchestration alone again (waits of ${waitsMs.join(', ')} ms), on the dev server with its data in memory, with one thing changed at a time.`,
      `As it is, an order takes ${asItIs.map((point) => `${figure(point.latencyMs.p50, 0)} ms ${load(point.parallel)}`).join(' and ')} at the median,`,
      `${asItIs.map((point) => `${figure(point.ordersPerSecond, 1)} orders/s ${load(point.parallel)}`).join(' and ')},`,
      `and ${asItIs.map((point) => `${cpu(point)} ms of CPU ${load(point.parallel)}`).join(' and ')}.`,
      ...asItIs.flatMap(noise),
      ...bareSteps(points),
      `${stallsOf(bursts, AS_IS)} bursts of ${bursts.orders} orders at the same time stalled, as it is: no order was done for a second or longer, though some were begun.`,
      'What is _undone_ is how the product would be without that change: more ms, more CPU and fewer orders than 1 are what it saves. Of many in parallel the orders/s count: where some wait at the server while others are served at once, the median alone looks better.',
    ].join(' '),
    `![What each change adds to an order](pictures/performance/${LONGER})`,
    `![Orders a second with each change](pictures/performance/${FASTER})`,
    describePoints(result.changes),
    `A worker is ready after ${figure(workerReadyMs.bundled, 0)} ms if its workflows were compiled beforehand, as the image has them, and after ${figure(workerReadyMs.bundling, 0)} ms if it compiles them at its start.`,
    conditions(conditionsOf(result, 'changes'), [
      `Each figure is of ${ordersOf(points)}, those of how it is as it is of more`,
      'Differences and ratios are those to how it was as it is in the same round',
      'Each variant has a new server and a new worker in each round, and nothing runs beside them: their times are not to be compared with those above, where three servers with their workers share the cores',
      `Temporal as it is: ${temporalFlags.map((flag) => `\`${flag}\``).join(' ')}`,
    ]),
  ];
}

/** What no way of writing the workflow can go below on this machine. */
function bareSteps(points: ChangePoint[]): string[] {
  const [fewest, most] = parallelsOf(points);
  return measuredVariants(points)
    .filter(({ kind }) => kind === 'bare')
    .map(({ variant, title }) => {
      const [alone, together] = [pointOf(points, variant, fewest), pointOf(points, variant, most)];
      return `A workflow of _${title}_ takes ${figure(alone.latencyMs.p50, 0)} ms ${load(fewest)} and places ${figure(together.ordersPerSecond, 1)} orders/s ${load(most)}.`;
    });
}

/** Of what has one turn nobody knows. */
function noise({ parallel, moreMs, ordersRatio, moreCpuMs }: ChangePoint): string[] {
  if (moreMs.lowest === moreMs.highest) return [];
  return [
    `A turn of it lies up to ${furthest(moreMs, 0).toFixed(1)} ms, ${(100 * furthest(ordersRatio, 1)).toFixed(0)} % of the orders/s and ${furthest(moreCpuMs, 0).toFixed(1)} ms of CPU from the mean of the others in its round (${load(parallel)}): what differs by less can't be told from none.`,
  ];
}

function furthest({ lowest, highest }: Figure, from: number): number {
  return Math.max(highest - from, from - lowest);
}

export function drawChangesCharts({ points }: ChangesResult): Record<string, string> {
  const [fewest, most] = parallelsOf(points);
  return {
    [LONGER]: drawBarChart({
      title: 'One order at a time: how much longer it takes with each change, in ms',
      series: colours,
      groups: barsOf(points, fewest, ({ moreMs }) => ({ of: moreMs, text: `${signed(moreMs.value, 1)} ms` })),
    }),
    [FASTER]: drawBarChart({
      title: `${most} in parallel: orders a second with each change, as it is being 1`,
      series: colours,
      groups: barsOf(points, most, ({ ordersRatio }) => ({ of: ordersRatio, text: ordersRatio.value.toFixed(2) })),
    }),
  };
}

function ordersOf(points: ChangePoint[]): string {
  return parallelsOf(points)
    .map((parallel) => {
      const one = points.find((point) => point.parallel === parallel && point.variant !== AS_IS);
      return `${one?.orders ?? 0} orders ${load(parallel)}`;
    })
    .join(' and ');
}

function stallsOf({ stalls }: ChangesResult['bursts'], variant: string): string {
  const { bursts = 0, stalled = 0 } = stalls[variant] ?? {};
  return `${stalled} of ${bursts}`;
}

function describePoints({ points, bursts }: ChangesResult): string {
  const [fewest, most] = parallelsOf(points);
  return table(
    [
      'changed',
      '',
      'in the product',
      `more ms, ${load(fewest)}`,
      `more ms, ${load(most)}`,
      `orders/s, ${load(most)}`,
      'as it is = 1',
      'bursts that stalled',
      `more CPU ms, ${load(fewest)}`,
      `more CPU ms, ${load(most)}`,
      `server + worker, CPU ms, ${load(most)}`,
    ],
    measuredVariants(points).map(({ variant, title, kind, about }) => {
      const [alone, together] = [pointOf(points, variant, fewest), pointOf(points, variant, most)];
      return [
        title,
        KINDS[kind],
        about,
        signedFigure(alone.moreMs, 1),
        signedFigure(together.moreMs, 0),
        figure(together.ordersPerSecond, 1),
        figure(together.ordersRatio, 2),
        stallsOf(bursts, variant),
        signedFigure(alone.moreCpuMs, 1),
        signedFigure(together.moreCpuMs, 1),
        cpu(together),
      ];
    }),
  );
}

function barsOf(
  points: ChangePoint[],
  parallel: number,
  read: (point: ChangePoint) => { of: Figure; text: string },
): Bar[][] {
  return [...Map.groupBy(measuredVariants(points), ({ kind }) => kind)].map(([kind, variants]) =>
    variants.map(({ variant, title }) => {
      const { of, text } = read(pointOf(points, variant, parallel));
      return {
        label: title,
        parts: [{ series: KINDS[kind], value: Math.max(0, of.value) }],
        whisker: { from: Math.max(0, of.lowest), to: Math.max(0, of.highest) },
        text,
      };
    }),
  );
}

function measuredVariants(points: ChangePoint[]): ChangeVariant[] {
  return changeVariants.filter(({ variant }) => points.some((point) => point.variant === variant));
}

function parallelsOf(points: ChangePoint[]): [fewest: number, most: number] {
  const parallels = points.map(({ parallel }) => parallel);
  return [Math.min(...parallels), Math.max(...parallels)];
}

/** What one change did under one load. @throws Error if that was not measured. */
export function pointOf(points: ChangePoint[], variant: string, parallel: number): ChangePoint {
  const point = points.find((one) => one.variant === variant && one.parallel === parallel);
  if (point === undefined) throw new Error(`The result has no ${variant} at ${parallel} in parallel.`);
  return point;
}

function load(parallel: number): string {
  return parallel === 1 ? 'alone' : `${parallel} in parallel`;
}

function cpu({ cpuMsPerOrder }: ChangePoint): string {
  return ['temporal', 'worker'].map((name) => (cpuMsPerOrder[name]?.value ?? 0).toFixed(1)).join(' + ');
}

function signedFigure({ value, lowest, highest }: Figure, digits: number): string {
  if (lowest === highest) return signed(value, digits);
  return `${signed(value, digits)} (${signed(lowest, digits)} to ${signed(highest, digits)})`;
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
