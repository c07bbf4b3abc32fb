import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { linearRegression, linearRegressionLine, quantile, sum, sumNthPowerDeviations } from 'simple-statistics';
import { readMetrics } from '../../test/support/read-metrics.ts';
import { whileRunning } from '../lifetime.ts';
import type { Measurement } from '../lifetime.ts';
import { placeAtRate, warmUp } from '../load.ts';
import { readOpenHandles, readProcessUsage } from '../processes.ts';
import type { Pids } from '../processes.ts';
import type { Measured, OpenHandles } from '../results.ts';
import { openWholeSite, startService } from '../whole-site.ts';

/** Our own programs, whose memory, file descriptors and sockets must not grow. */
export const judgedProcesses = ['worker', 'gateway'] as const;

export interface SoakPlan {
  orders: number;
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  ordersPerSecond: number;
  /** Placed before anything is counted, so that the programs have opened what they keep open. */
  warmUpOrders: number;
  /** How often worker and gateway are made to collect their garbage. */
  collectEveryMs: number;
  /** How long the measurement waits for idle connections to close. */
  settleMs: number;
}

/** If more orders are unanswered than arrive in this time, the rate is too high for the machine. */
const MOST_BEHIND_S = 20;
const SETTLE_EVERY_MS = 1_000;
/** Memory that a collection frees goes back to the system a little later. */
const RELEASE_MS = 2_000;

/** Places orders at a steady rate, and measures what they leave in memory and what they leave open. */
export async function measureSoak({ plan, progress, signal }: Measurement<SoakPlan>): Promise<Measured<'soak'>> {
  return await whileRunning(signal, async (start, over) => {
    const site = await progress.step('Stack', () => start(() => openWholeSite()));
    const { parts } = site.world.stack;
    await Promise.all([parts.worker.stop(), parts.gateway.stop()]);
    const worker = await start(() => startService(site.world, 'worker', { nodeArguments: collectedBySignal }));
    const gateway = await start(() => startService(site.world, 'gateway', { nodeArguments: collectedBySignal }));
    const { place } = gateway;
    const { temporal, directus, postgres } = site.pids;
    const pids = { gateway: gateway.pid, worker: worker.pid, temporal, directus, postgres };
    await site.letPartnerTake(plan.partnerMs);
    const before = await progress.step('Warm-up', async () => {
      await warmUp(await site.newOrders(plan.warmUpOrders), place);
      await delay(plan.settleMs, undefined, { signal: over });
      return await readOpenCollected(pids, over);
    });

    const samples: Measured<'soak'>['samples'] = [];
    const { latenciesMs, elapsedMs } = await progress.step('Orders', async (doing) => {
      const orders = await site.newOrders(plan.orders);
      const startedAt = performance.now();
      // Garbage is collected first. Otherwise the memory would only show how long ago the last collection was.
      const sample = async () => {
        const seconds = (performance.now() - startedAt) / 1000;
        const memoryBytes = await readCollected(pids, over);
        samples.push({ seconds, memoryBytes });
        doing(
          Object.entries(memoryBytes)
            .map(([name, bytes]) => `${name} ${Math.round(bytes / 1e6)} MB`)
            .join(', '),
        );
        // Reads the metrics as Prometheus does.
        await Promise.all([worker, gateway].map(({ metricsUrl }) => readMetrics(metricsUrl)));
      };
      // A sample fails if a process has ended. In that case the measurement ends anyway.
      const collecting = setInterval(() => void sample().catch(() => {}), plan.collectEveryMs);
      return await placeAtRate({
        orders,
        ordersPerSecond: plan.ordersPerSecond,
        mostUnderWay: Math.ceil(MOST_BEHIND_S * plan.ordersPerSecond),
        place,
        signal: over,
      }).finally(() => clearInterval(collecting));
    });

    const after = await progress.step('Rest', async () => {
      // Now and then, Temporal's server makes its clients reconnect, and keeps the old connection open for a while.
      const deadline = performance.now() + 3 * plan.settleMs;
      while (!isClosed(before, readOpenHandles(pids)) && performance.now() < deadline)
        await delay(SETTLE_EVERY_MS, undefined, { signal: over });
      return await readOpenCollected(pids, over);
    });
    return {
      orders: plan.orders,
      ordersPerSecond: (1000 * plan.orders) / elapsedMs,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      samples,
      before,
      after,
    };
  });
}

/** Options of Node for a program whose garbage is collected by a signal. */
export const collectedBySignal = [
  '--expose-gc',
  `--import=${fileURLToPath(new URL('../changed/collect-garbage.ts', import.meta.url))}`,
];

/** What our own programs keep in memory after a garbage collection. */
async function readCollected(pids: Pids, over: AbortSignal): Promise<Record<string, number>> {
  const judged = Object.fromEntries(judgedProcesses.map((name) => [name, pids[name] ?? 0]));
  over.throwIfAborted();
  for (const pid of Object.values(judged)) process.kill(pid, 'SIGWINCH');
  await delay(RELEASE_MS, undefined, { signal: over });
  return Object.fromEntries(
    Object.entries(readProcessUsage(judged)).map(([name, { memoryBytes }]) => [name, memoryBytes]),
  );
}

/** What the processes hold open after a garbage collection in our own programs, which may close something. */
async function readOpenCollected(pids: Pids, over: AbortSignal): Promise<Record<string, OpenHandles>> {
  await readCollected(pids, over);
  return readOpenHandles(pids);
}

function isClosed(before: Record<string, OpenHandles>, open: Record<string, OpenHandles>): boolean {
  return judgedProcesses.every((name) => {
    const [then, now] = [before[name], open[name]];
    return then && now && now.files <= then.files && now.sockets <= then.sockets;
  });
}

/** A trend of fewer samples says nothing. */
const FEWEST_SAMPLES = 8;

/**
 * Fits a line by least squares to the samples of the second half. In the first half, caches and heaps still fill.
 *
 * @returns the slope, and twice its standard error as the uncertainty; undefined if there are too few samples.
 */
export function memoryTrend(samples: Measured<'soak'>['samples'], name: string) {
  const last = samples.at(-1)?.seconds ?? 0;
  const points = samples
    .filter(({ seconds }) => seconds >= last / 2)
    .map(({ seconds, memoryBytes }) => [seconds, memoryBytes[name] ?? 0]);
  if (points.length < FEWEST_SAMPLES) return undefined;
  const line = linearRegression(points);
  const valueAt = linearRegressionLine(line);
  const variance = sum(points.map(([x = 0, y = 0]) => (y - valueAt(x)) ** 2)) / (points.length - 2);
  const spread = sumNthPowerDeviations(
    points.map(([x = 0]) => x),
    2,
  );
  return { bytesPerSecond: line.m, uncertainty: 2 * Math.sqrt(variance / spread) };
}
