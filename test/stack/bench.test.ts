import { expect, it } from '@jest/globals';
import { measureOrchestration } from '../../bench/orchestration.ts';
import { startDevServer } from '../../bench/temporal-servers.ts';
import { measureWhole, wholeResult } from '../../bench/whole.ts';
import { silentProgress } from '../../stack/progress.ts';

const TIMEOUT_MS = 120_000;

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
    expect(Object.keys(histories.activities)).toEqual([
      'validateCheckout',
      'createOrderRecord',
      'createRideNDineOrder',
      'saveLinkIds',
    ]);
    // The partner's own time is in the step that calls it, and in no other.
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
