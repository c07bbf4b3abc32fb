import { drawLineChart } from './line-chart.ts';
import type { LineChart } from './line-chart.ts';
import { processColours } from './process-colours.ts';
import type { GrowthPoint, GrowthResult } from './result.ts';
import type { Figure } from './statistics.ts';

type StoredSize = GrowthResult['stored']['sizes'][number];

/** By the number of callers at a time, the fewest first: median and 95th percentile. */
const latencyColours = [
  ['#2f6fb3', '#9fc3e6'],
  ['#ef8a3c', '#f7cda6'],
];

const TOGETHER = '#1b1f23';

/** The curves of docs/performance.md, by the name of their file. */
export function drawGrowthCharts({ stored, workers, items }: GrowthResult): Record<string, string> {
  const byOrders = { label: 'orders in Directus', scale: 'log' } as const;
  const byWorkers = { label: 'worker processes', scale: 'linear' } as const;
  const byItems = { label: 'items of an order', scale: 'linear' } as const;
  const questionLine = (name: string, colour: string, read: (size: StoredSize) => Figure) => ({
    name,
    colour,
    points: stored.sizes.map((size) => ({ x: size.at, y: read(size).value })),
  });
  return {
    'growth-orders-latency.svg': drawLatency('From the click to payment_session_id', byOrders, stored.points),
    'growth-orders-cpu.svg': drawCpu(byOrders, stored.points),
    'growth-orders-questions.svg': drawLineChart({
      title: 'What is asked of all orders now and then: median',
      x: byOrders,
      y: { label: 'ms' },
      series: [
        questionLine('sweep', '#2f6fb3', ({ questionsMs }) => questionsMs.sweep),
        questionLine('metrics', '#ef8a3c', ({ questionsMs }) => questionsMs.gauges),
        questionLine('sweep without index', '#9fc3e6', ({ withoutStatusIndexMs }) => withoutStatusIndexMs.sweep),
        questionLine('metrics without index', '#f7cda6', ({ withoutStatusIndexMs }) => withoutStatusIndexMs.gauges),
      ],
    }),
    'growth-workers-throughput.svg': drawLineChart({
      title: `Orders a second, ${mostCallers(workers.points)} in parallel: median`,
      x: byWorkers,
      y: { label: 'orders a second' },
      series: [
        {
          name: 'all parts on the same cores',
          colour: '#2f6fb3',
          points: under(mostCallers(workers.points), workers.points).map((point) => ({
            x: point.at,
            y: point.ordersPerSecond.value,
          })),
        },
      ],
    }),
    'growth-workers-latency.svg': drawLatency('From the click to payment_session_id', byWorkers, workers.points),
    'growth-workers-cpu.svg': drawCpu(byWorkers, workers.points),
    'growth-items-latency.svg': drawLatency('From the click to payment_session_id', byItems, items.points),
    'growth-items-cpu.svg': drawCpu(byItems, items.points),
    'growth-items-history.svg': drawLineChart({
      title: "What an order leaves in Temporal's history: median",
      x: byItems,
      y: { label: 'kB' },
      series: [
        {
          name: 'history',
          colour: '#17a398',
          points: items.sizes.map(({ at, historyBytes }) => ({ x: at, y: historyBytes / 1000 })),
        },
      ],
    }),
  };
}

function drawLatency(title: string, x: LineChart['x'], points: GrowthPoint[]): string {
  return drawLineChart({
    title: `${title}, by ${x.label}`,
    x,
    y: { label: 'ms' },
    series: callersOf(points).flatMap((parallel, index) => {
      const [middle = TOGETHER, end = TOGETHER] = latencyColours[index % latencyColours.length] ?? [];
      const ofLoad = under(parallel, points);
      return [
        {
          name: `p50, ${parallel} in parallel`,
          colour: middle,
          points: ofLoad.map(({ at, latencyMs }) => ({ x: at, y: latencyMs.p50.value })),
        },
        {
          name: `p95, ${parallel} in parallel`,
          colour: end,
          points: ofLoad.map(({ at, latencyMs }) => ({ x: at, y: latencyMs.p95.value })),
        },
      ];
    }),
  });
}

/** Under the most callers: there a process is measured over more of its time. */
function drawCpu(x: LineChart['x'], points: GrowthPoint[]): string {
  const parallel = mostCallers(points);
  const ofLoad = under(parallel, points);
  const names = Object.keys(processColours).filter((name) => ofLoad.some(({ cpuMsPerOrder }) => name in cpuMsPerOrder));
  return drawLineChart({
    title: `CPU of one order by ${x.label}, ${parallel} in parallel`,
    x,
    y: { label: 'ms' },
    series: [
      {
        name: 'together',
        colour: TOGETHER,
        points: ofLoad.map((point) => ({
          x: point.at,
          y: names.reduce((sum, name) => sum + cpuOf(point, name), 0),
        })),
      },
      ...names.map((name) => ({
        name,
        colour: processColours[name] ?? TOGETHER,
        points: ofLoad.map((point) => ({ x: point.at, y: cpuOf(point, name) })),
      })),
    ],
  });
}

function cpuOf({ cpuMsPerOrder }: GrowthPoint, name: string): number {
  return cpuMsPerOrder[name]?.value ?? 0;
}

function under(parallel: number, points: GrowthPoint[]): GrowthPoint[] {
  return points.filter((point) => point.parallel === parallel).toSorted((a, b) => a.at - b.at);
}

function callersOf(points: GrowthPoint[]): number[] {
  return [...new Set(points.map(({ parallel }) => parallel))].toSorted((a, b) => a - b);
}

function mostCallers(points: GrowthPoint[]): number {
  return Math.max(...callersOf(points));
}
