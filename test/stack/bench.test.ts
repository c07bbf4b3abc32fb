import { expect, it } from '@jest/globals';
import { changeVariants } from '../../bench/change-variants.ts';
import { measureChanges } from '../../bench/changes.ts';
import { measureDirectusCalls } from '../../bench/directus-calls.ts';
import { describeDirectusCalls } from '../../bench/directus-calls-page.ts';
import { measureGrowth } from '../../bench/growth.ts';
import { measureOrchestration } from '../../bench/orchestration.ts';
import { measureSoak, soakResult } from '../../bench/soak.ts';
import { startDevServer } from '../../bench/temporal-servers.ts';
import { measureWhole, wholeResult } from '../../bench/whole.ts';
import { silentProgress } from '../../stack/progress.ts';

const TIMEOUT_MS = 600_000;

/** As little as can be measured. It is no test of times: those are nobody's promise. */
const plan = { rounds: 1, parallel: [1, 2], warmUpOrders: 2, ordersFor: () => 4, atRestMs: 200 };

it(
  'measures orders by gateway and workflow, by both in one process, and by a plain handler',
  async () => {
    const measured = await measureWhole({ plan: { ...plan, partnersMs: [20] }, progress: silentProgress });
    const { cells, ratios, saturation, histories } = wholeResult(measured);

    expect(cells.map(({ variant, parallel, orders }) => `${variant} ${parallel}: ${orders}`)).toEqual([
      'durable 1: 4',
      'one process 1: 4',
      'plain 1: 4',
      'durable 2: 4',
      'one process 2: 4',
      'plain 2: 4',
    ]);
    expect(ratios.map(({ variant, parallel }) => `${variant} ${parallel}`)).toEqual([
      'durable 1',
      'durable 2',
      'one process 1',
      'one process 2',
    ]);
    expect(saturation.durable.ordersPerSecond.value).toBeGreaterThan(0);
    // The other steps are made within workflow tasks.
    expect(Object.keys(histories.activities)).toEqual(['createRideNDineOrder']);
    expect(histories.activities['createRideNDineOrder']?.runMs.p50).toBeGreaterThan(20);
    const [durable, oneProcess] = cells;
    for (const process of ['gateway', 'worker', 'temporal', 'directus', 'postgres']) {
      expect(Object.keys(durable?.cpuMsPerOrder ?? {})).toContain(process);
    }
    expect(durable?.cpuMsPerOrder['worker']?.value).toBeGreaterThan(0);
    // Each works alone: what it uses at rest is taken off, but for the clock's own grain.
    expect(oneProcess?.cpuMsPerOrder['gateway with worker']?.value).toBeGreaterThan(0);
    expect(oneProcess?.cpuMsPerOrder['worker']?.value).toBeLessThan(
      oneProcess?.cpuMsPerOrder['gateway with worker']?.value ?? 0,
    );
  },
  TIMEOUT_MS,
);

it(
  'measures each call to Directus, as it is made and otherwise',
  async () => {
    const result = await measureDirectusCalls({ plan: { ...plan, orders: 4 }, progress: silentProgress });

    expect(result.cells.map(({ variant, orders }) => `${variant} ${orders}`)).toEqual([
      'as it is: quote and order 4',
      'as it is: quote 4',
      'as it is: write 4',
      'as it is: link 4',
      'as shipped: quote and order 4',
      'as shipped: quote 4',
      'as shipped: write 4',
      'as shipped: link 4',
      'new connections: quote and order 4',
      'new connections: quote 4',
      'new connections: write 4',
      'new connections: link 4',
    ]);
    expect(result.cells.map(({ latencyMs }) => latencyMs.p50.lowest > 0)).not.toContain(false);
    expect(describeDirectusCalls(result)).toContain('write the order with its items');
  },
  TIMEOUT_MS,
);

it(
  'measures the workflow alone',
  async () => {
    const startServers = [() => startDevServer('memory')];
    const { cells, overheads, servers } = await measureOrchestration({ plan, startServers, progress: silentProgress });

    expect(cells.map(({ variant, parallel, orders }) => `${variant} ${parallel}: ${orders}`)).toEqual([
      'plain 1: 4',
      'memory 1: 4',
      'plain 2: 4',
      'memory 2: 4',
    ]);
    expect(overheads.every(({ p50Ms }) => p50Ms.value > 0)).toBe(true);
    expect(servers[0]?.histories.workflowTasks).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

it(
  'measures the workflow with one thing changed at a time',
  async () => {
    const variants = changeVariants.filter(({ variant }) =>
      ['activities', 'server as shipped', 'looking again and again'].includes(variant),
    );
    const { points, bursts, workerReadyMs, temporalFlags } = await measureChanges({
      plan: { ...plan, parallel: [1], bursts: 1 },
      variants,
      progress: silentProgress,
    });

    expect(points.map(({ variant, parallel, orders }) => `${variant} ${parallel}: ${orders}`)).toEqual([
      'as it is 1: 4',
      'activities 1: 4',
      'server as shipped 1: 4',
      'looking again and again 1: 4',
    ]);
    expect(points[0]?.moreMs.value).toBeCloseTo(0);
    expect(points.map(({ cpuMsPerOrder }) => Object.keys(cpuMsPerOrder))).toEqual(
      points.map(() => ['temporal', 'worker']),
    );
    expect(workerReadyMs.bundled.value).toBeGreaterThan(0);
    expect(workerReadyMs.bundling.value).toBeGreaterThan(0);
    expect(temporalFlags).toContain('GOGC=400');
    expect(bursts.orders).toBe(32);
    expect(Object.values(bursts.stalls).map((one) => one.bursts)).toEqual([1, 1, 1, 1]);
  },
  TIMEOUT_MS,
);

it(
  'measures what orders at a steady rate leave in memory and open',
  async () => {
    const measured = await measureSoak({
      plan: {
        orders: 20,
        partnerMs: 20,
        ordersPerSecond: 5,
        warmUpOrders: 2,
        sampleEveryMs: 200,
        collectEveryMs: 60_000,
        settleMs: 500,
      },
      progress: silentProgress,
    });
    const { orders, seconds, processes, mostUnderWay } = soakResult(measured);

    expect(orders).toBe(20);
    expect(mostUnderWay).toBeGreaterThan(0);
    expect(Object.keys(processes)).toEqual(['gateway', 'worker', 'temporal', 'directus', 'postgres']);
    for (const { memoryBytes, trend, open } of Object.values(processes)) {
      expect(memoryBytes).toHaveLength(seconds.length);
      expect(Math.min(...memoryBytes)).toBeGreaterThan(0);
      expect(trend.samples).toBeLessThan(seconds.length);
      expect(open.before.sockets).toBeGreaterThan(0);
      expect(open.after.files).toBeGreaterThan(open.after.sockets);
    }
    for (const { live } of [processes['worker'], processes['gateway']].map((process) => process ?? { live: null })) {
      expect(live?.before.heapBytes).toBeGreaterThan(0);
      expect(live?.after.memoryBytes).toBeGreaterThan(live?.after.heapBytes ?? Infinity);
    }
  },
  TIMEOUT_MS,
);

it(
  'measures how orders, workers and items grow, each by itself',
  async () => {
    const { stored, workers, items } = await measureGrowth({
      plan: {
        ...plan,
        partnerMs: 20,
        stored: { values: [100, 300], parallel: [1, 2] },
        workers: { values: [2], parallel: [2] },
        items: { values: [1, 4], parallel: [1] },
      },
      progress: silentProgress,
    });

    expect(stored.points.map(({ at, parallel, orders }) => `${at} ${parallel}: ${orders}`)).toEqual([
      '100 1: 4',
      '300 1: 4',
      '100 2: 4',
      '300 2: 4',
    ]);
    expect(stored.points.map(({ p50Ratio }) => p50Ratio.value === 1)).toEqual([true, false, true, false]);
    expect(stored.twin.map(({ parallel }) => parallel)).toEqual([1, 2]);
    expect(stored.sizes.map(({ at }) => at)).toEqual([100, 300]);
    for (const { questionsMs, withoutStatusIndexMs } of stored.sizes) {
      for (const { sweep, gauges } of [questionsMs, withoutStatusIndexMs]) {
        expect(Math.min(sweep.value, gauges.value)).toBeGreaterThan(0);
      }
    }
    const [fewer, more] = stored.sizes.map(({ databaseBytes }) => databaseBytes);
    expect(more).toBeGreaterThan(fewer ?? Infinity);

    expect(workers.points.map(({ at, parallel, orders }) => `${at} ${parallel}: ${orders}`)).toEqual(['2 2: 4']);
    // Both together: no process has a figure of its own.
    const worked = Object.keys(workers.points[0]?.cpuMsPerOrder ?? {});
    expect(worked.filter((name) => name.startsWith('worker'))).toEqual(['worker']);

    expect(items.points.map(({ at, orders }) => `${at}: ${orders}`)).toEqual(['1: 4', '4: 4']);
    const [small, large] = items.sizes.map(({ historyBytes }) => historyBytes);
    expect(large).toBeGreaterThan(small ?? Infinity);
  },
  // Five stacks, one after the other.
  5 * TIMEOUT_MS,
);
