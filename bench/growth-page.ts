import { conditions, figure, table } from './page-parts.ts';
import { conditionsOf } from './result.ts';
import type { BenchResult, GrowthPoint, GrowthResult } from './result.ts';

/** What docs/performance.md says of more orders, workers and items, in Markdown. */
export function describeGrowth(result: BenchResult): string[] {
  const { partnerMs, stored, workers, items } = result.growth;
  return [
    '## More orders in Directus',
    headline(stored),
    chart('From the click to payment_session_id by orders in Directus', 'orders-latency'),
    chart('CPU of one order by orders in Directus', 'orders-cpu'),
    describePoints('orders in Directus', stored.points),
    describeQuestions(stored.sizes),
    chart('What is asked of all orders now and then', 'orders-questions'),
    '## More workers',
    chart('Orders a second by worker processes', 'workers-throughput'),
    chart('From the click to payment_session_id by worker processes', 'workers-latency'),
    chart('CPU of one order by worker processes', 'workers-cpu'),
    describePoints('workers', workers.points),
    '## More items in an order',
    chart('From the click to payment_session_id by items of an order', 'items-latency'),
    chart('CPU of one order by its items', 'items-cpu'),
    describePoints('items', items.points),
    describeHistories(items.sizes),
    chart("What an order leaves in Temporal's history by its items", 'items-history'),
    conditions(conditionsOf(result, 'growth'), [
      `RideNDine takes ${partnerMs} ms. Each number of orders and of workers has a stack of its own, all of them on the same cores`,
      'Orders have 2 items, where their number is not what grows. Their past in Directus is loaded by COPY, with constraints and indexes on; of what Directus keeps of who changed what there is only that of the orders that were placed',
      'The CPU of several workers is that of all of them together',
    ]),
  ];
}

function headline({ points, twin }: GrowthResult['stored']): string {
  const [fewest, most] = [Math.min(...points.map(({ at }) => at)), Math.max(...points.map(({ at }) => at))];
  const compared = points
    .filter(({ at }) => at === most)
    .map(
      ({ parallel, p50Ratio, cpuRatio }) =>
        `${load(parallel)}, **${figure(p50Ratio, 2)} times** as long at the median and ${figure(cpuRatio, 2)} times as much CPU`,
    );
  const twins = twin.map(
    ({ parallel, p50Ratio, cpuRatio }) =>
      `${load(parallel)}, ${figure(p50Ratio, 2)} times as long and ${figure(cpuRatio, 2)} times as much CPU`,
  );
  return `With ${count(most)} orders in Directus an order takes, compared with ${count(fewest)}: ${compared.join('; ')}. Another stack with ${count(fewest)}: ${twins.join('; ')}; differences within those ranges can't be told from none. The aim is at most 1.1 times as long, one order at a time.`;
}

function load(parallel: number): string {
  return parallel === 1 ? 'one order at a time' : `${parallel} in parallel`;
}

function describePoints(what: string, points: GrowthPoint[]): string {
  const names = [...new Set(points.flatMap(({ cpuMsPerOrder }) => Object.keys(cpuMsPerOrder)))].filter(
    (name) => name !== 'callers' && name !== 'ridendine sandbox',
  );
  return table(
    [
      what,
      'in parallel',
      'orders',
      'p50',
      'p95',
      'p50 : p50',
      'orders/s',
      ...names.map((name) => `${name}, CPU ms`),
      'CPU : CPU',
    ],
    points.map(({ at, parallel, orders, latencyMs, p50Ratio, ordersPerSecond, cpuMsPerOrder, cpuRatio }) => [
      count(at),
      String(parallel),
      String(orders),
      figure(latencyMs.p50, 0),
      figure(latencyMs.p95, 0),
      figure(p50Ratio, 2),
      figure(ordersPerSecond, 1),
      ...names.map((name) => (cpuMsPerOrder[name]?.value ?? 0).toFixed(1)),
      figure(cpuRatio, 2),
    ]),
  );
}

function describeQuestions(sizes: GrowthResult['stored']['sizes']): string {
  return [
    'Two questions are about all orders, and no order waits for them: which are unfinished (the sweep, every five minutes) and how many wait (the metrics). How long Directus takes for each, and how long without the index on the status of orders, asked at the end alone:',
    table(
      [
        'orders in Directus',
        'its database',
        'a page of unfinished orders',
        'without the index',
        'how many wait',
        'without the index',
      ],
      sizes.map(({ at, databaseBytes, questionsMs, withoutStatusIndexMs }) => [
        count(at),
        `${count(Math.round(databaseBytes / 1e6))} MB`,
        ...[questionsMs.sweep, withoutStatusIndexMs.sweep, questionsMs.gauges, withoutStatusIndexMs.gauges].map(
          (ms) => `${figure(ms, 0)} ms`,
        ),
      ]),
    ),
  ].join('\n\n');
}

function describeHistories(sizes: GrowthResult['items']['sizes']): string {
  return table(
    ['items', "kB in Temporal's history"],
    sizes.map(({ at, historyBytes }) => [count(at), (historyBytes / 1000).toFixed(1)]),
  );
}

function chart(text: string, name: string): string {
  return `![${text}](pictures/performance/growth-${name}.svg)`;
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}
