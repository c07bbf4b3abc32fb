import type { BenchResult, Cell } from './result.ts';
import type { Figure } from './statistics.ts';
import { drawBarChart } from './bar-chart.ts';
import type { Bar } from './bar-chart.ts';
import { drawChangesCharts } from './changes-page.ts';
import { drawGrowthCharts } from './growth-charts.ts';
import { processColours } from './process-colours.ts';
import { drawSoakChart, soakChart } from './soak-page.ts';

/** By variant, in the order of the bars. */
const variantNames: Record<string, string> = {
  durable: 'by workflow',
  'one process': 'in one process',
  plain: 'plain handler',
};
const variantColours = { 'by workflow': '#2f6fb3', 'in one process': '#17a398', 'plain handler': '#a8b3bd' };

/** The charts of docs/performance.md, by the name of their file. */
export function drawPerformanceCharts({
  whole,
  orchestration,
  growth,
  soak,
  changes,
}: BenchResult): Record<string, string> {
  const alone = Math.min(...whole.cells.map(({ parallel }) => parallel));
  const { partnerMs } = whole.saturation;
  return {
    'click-to-session.svg': drawBarChart({
      title: 'From the click to payment_session_id, one order at a time: median, line to p95',
      series: variantColours,
      groups: groupedBy(
        whole.cells.filter(({ parallel }) => parallel === alone),
        (cell) => `RideNDine takes ${cell.partnerMs} ms`,
        ({ latencyMs }) => ({
          value: latencyMs.p50.value,
          whisker: { from: latencyMs.p50.value, to: latencyMs.p95.value },
          text: `${Math.round(latencyMs.p50.value)} ms`,
        }),
      ),
    }),
    'orders-per-second.svg': drawBarChart({
      title: `Orders a second, RideNDine takes ${partnerMs} ms: median, line from lowest to highest round`,
      series: variantColours,
      groups: groupedBy(
        whole.cells.filter((cell) => cell.partnerMs === partnerMs),
        ({ parallel }) => `${parallel} in parallel`,
        ({ ordersPerSecond }) => ({
          value: ordersPerSecond.value,
          whisker: rangeOf(ordersPerSecond),
          text: `${ordersPerSecond.value.toFixed(1)} /s`,
        }),
      ),
    }),
    'cpu-per-order.svg': drawBarChart({
      title: `CPU of one order by process, in ms, RideNDine takes ${partnerMs} ms`,
      series: processColours,
      groups: [
        ...Map.groupBy(
          whole.cells.filter((cell) => cell.partnerMs === partnerMs),
          ({ parallel }) => parallel,
        ).values(),
      ].map((cells) => cells.map(cpuBar)),
    }),
    'orchestration.svg': drawBarChart({
      title: 'The workflow alone, one order at a time: what it adds to the waits at the median',
      series: { 'more than the waits': '#2f6fb3' },
      groups: [
        orchestration.overheads
          .filter(({ parallel }) => parallel === alone)
          .map(({ variant, p50Ms }) => ({
            label: orchestration.servers.find((server) => server.variant === variant)?.title ?? variant,
            parts: [{ series: 'more than the waits', value: Math.max(0, p50Ms.value) }],
            whisker: rangeOf(p50Ms),
            text: `+${Math.round(p50Ms.value)} ms`,
          })),
      ],
    }),
    ...drawChangesCharts(changes),
    ...drawGrowthCharts(growth),
    [soakChart]: drawSoakChart(soak),
  };
}

function groupedBy(
  cells: Cell[],
  labelOf: (cell: Cell) => string,
  barOf: (cell: Cell) => { value: number; whisker: NonNullable<Bar['whisker']>; text: string },
): Bar[][] {
  return [...Map.groupBy(cells, labelOf)].map(([label, group]) =>
    Object.entries(variantNames)
      .flatMap(([variant, series]) =>
        group.filter((cell) => cell.variant === variant).map((cell) => ({ cell, series })),
      )
      .map(({ cell, series }, index) => {
        const { value, ...rest } = barOf(cell);
        return { label: index === 0 ? label : '', parts: [{ series, value }], ...rest };
      }),
  );
}

function cpuBar({ variant, parallel, cpuMsPerOrder }: Cell): Bar {
  const parts = Object.keys(processColours)
    .map((series) => ({ series, value: cpuMsPerOrder[series]?.value ?? 0 }))
    .filter(({ value }) => value > 0);
  const total = parts.reduce((sum, { value }) => sum + value, 0);
  return {
    label: `${variantNames[variant] ?? variant}, ${parallel} in parallel`,
    parts,
    text: `${Math.round(total)} ms`,
  };
}

function rangeOf({ lowest, highest }: Figure): { from: number; to: number } {
  return { from: Math.max(0, lowest), to: Math.max(0, highest) };
}
