import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../stack/free-port.ts';
import type { Progress } from '../stack/progress.ts';
import { failOnCrash } from '../stack/supervisor.ts';
import { readMetrics } from '../test/support/read-metrics.ts';
import { placeAll } from './closed-loop.ts';
import { readLiveMemory } from './live-memory.ts';
import type { LiveMemory } from './live-memory.ts';
import type { Pids } from './measured-load.ts';
import { placeAtRate } from './open-loop.ts';
import { readOpenHandles, readProcessUsage } from './process-usage.ts';
import type { OpenHandles } from './process-usage.ts';
import type { SoakResult } from './result.ts';
import { judgedProcesses } from './soak-processes.ts';
import { percentile } from './statistics.ts';
import { FEWEST_POINTS, fitTrend } from './trend.ts';
import { failWhenAborted } from './until-aborted.ts';
import { openWholeSite } from './whole-site.ts';
import type { WholeSite } from './whole-site.ts';

export interface SoakPlan {
  orders: number;
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  ordersPerSecond: number;
  /** Before anything is counted: programs open what they keep open. */
  warmUpOrders: number;
  sampleEveryMs: number;
  /** How often worker and gateway are made to collect their garbage. */
  collectEveryMs: number;
  /** For idle connections to close. */
  settleMs: number;
}

/** How it is measured unless told otherwise. */
export const usualSoak: Omit<SoakPlan, 'orders' | 'ordersPerSecond'> = {
  partnerMs: 300,
  warmUpOrders: 120,
  sampleEveryMs: 2_000,
  collectEveryMs: 20_000,
  // The gateway keeps an idle connection for 72 s.
  settleMs: 80_000,
};

/** What was seen of the processes, by their names. */
export interface SoakMeasurement {
  plan: SoakPlan;
  latenciesMs: number[];
  elapsedMs: number;
  mostUnderWay: number;
  samples: SoakSample[];
  /** Of those that are judged, right after a garbage collection. */
  collected: SoakSample[];
  before: AtRest;
  after: AtRest;
}

/** While nothing is under way. */
interface AtRest {
  open: Record<string, OpenHandles>;
  /** Of those that are judged. */
  live: Record<string, LiveMemory>;
}

export interface SoakSample {
  /** Since the first order. */
  seconds: number;
  memoryBytes: Record<string, number>;
}

/** Of the time: caches, heaps and what the allocator keeps fill in it, and no line is fitted to it. */
const WARM_UP_SHARE = 0.5;

/** Orders that are under way belong to so much time: whoever is further behind does not catch up. */
const MOST_BEHIND_S = 20;
const WARM_UP_PARALLEL = 8;
const SETTLE_EVERY_MS = 1_000;

/** Places orders at a steady rate on a stack of its own, and looks at what its processes use. */
export async function measureSoak(options: {
  plan: SoakPlan;
  progress: Progress;
  /** Ends everything; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<SoakMeasurement> {
  const { plan, progress, signal } = options;
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  // With metrics, as an installation has them.
  const site = await progress.step('Stack', () => openWholeSite({ WORKER_METRICS_ADDRESS: metricsAddress }));
  const metricsUrls = [`http://${metricsAddress}/metrics`, `${site.world.stack.urls.gateway}/metrics`];
  const ended = new AbortController();
  const measured = measureOn({ site, metricsUrls, plan, progress, signal: ended.signal });
  try {
    return await Promise.race([measured, failOnCrash(site.world.stack), failWhenAborted(signal)]);
  } finally {
    ended.abort();
    // A process that has ended is sent no signal: its number may be another one's by then.
    await measured.catch(() => {});
    await site.stop();
  }
}

/** The lines are fitted to what comes after the warm-up. */
export function soakResult(measured: SoakMeasurement): SoakResult {
  const { plan, samples, collected, latenciesMs, elapsedMs, mostUnderWay, before, after } = measured;
  const lastSeconds = samples.at(-1)?.seconds ?? 0;
  const pointsOf = (taken: SoakSample[], name: string) =>
    taken
      .filter(({ seconds }) => seconds >= WARM_UP_SHARE * lastSeconds)
      .map(({ seconds, memoryBytes }) => ({ x: seconds, y: memoryBytes[name] ?? 0 }));
  const collectedTrendOf = (name: string) => {
    const points = pointsOf(collected, name);
    return name in before.live && points.length >= FEWEST_POINTS ? fitTrend(points) : null;
  };
  return {
    orders: latenciesMs.length,
    partnerMs: plan.partnerMs,
    ordersPerSecond: (1000 * latenciesMs.length) / elapsedMs,
    latencyMs: {
      p50: percentile(latenciesMs, 0.5),
      p95: percentile(latenciesMs, 0.95),
      p99: percentile(latenciesMs, 0.99),
    },
    mostUnderWay,
    warmUpShare: WARM_UP_SHARE,
    seconds: samples.map(({ seconds }) => Number(seconds.toFixed(1))),
    processes: Object.fromEntries(
      Object.entries(before.open).map(([name, openBefore]) => {
        const [liveBefore, liveAfter] = [before.live[name], after.live[name]];
        return [
          name,
          {
            memoryBytes: samples.map(({ memoryBytes }) => memoryBytes[name] ?? 0),
            trend: fitTrend(pointsOf(samples, name)),
            collectedTrend: collectedTrendOf(name),
            open: { before: openBefore, after: after.open[name] ?? openBefore },
            live: liveBefore && liveAfter ? { before: liveBefore, after: liveAfter } : null,
          },
        ];
      }),
    ),
  };
}

async function measureOn(options: {
  site: WholeSite;
  metricsUrls: string[];
  plan: SoakPlan;
  progress: Progress;
  signal: AbortSignal;
}): Promise<SoakMeasurement> {
  const { site, metricsUrls, plan, progress, signal } = options;
  const { place } = site;
  const pids = installed(site.pids);
  await site.letPartnerTake(plan.partnerMs);
  const before = await progress.step('Warm-up', async (doing) => {
    await placeAll({ orders: await site.newOrders(plan.warmUpOrders), parallel: WARM_UP_PARALLEL, place });
    await readAll(metricsUrls);
    doing('waiting until idle connections are closed');
    await delay(plan.settleMs, undefined, { signal });
    const open = readOpenHandles(pids);
    doing('collecting garbage');
    return { open, live: await readLive(pids, signal) };
  });
  const load = await progress.step('Orders', async (doing) => {
    const orders = await site.newOrders(plan.orders);
    const done = new AbortController();
    const untilDone = AbortSignal.any([signal, done.signal]);
    const sampling = takeSamples({ pids, metricsUrls, plan, doing, signal: untilDone });
    const collecting = collectGarbage({ pids, plan, signal: untilDone });
    const loaded = placeAtRate({
      orders,
      ordersPerSecond: plan.ordersPerSecond,
      mostUnderWay: Math.ceil(MOST_BEHIND_S * plan.ordersPerSecond),
      place,
      signal: untilDone,
    }).finally(() => done.abort());
    const all = [sampling, collecting, loaded] as const;
    try {
      const [taken, collected, placed] = await Promise.all(all);
      return { ...placed, samples: taken, collected };
    } finally {
      // What one fails with ends the others as well, before the programs that they look at are stopped.
      done.abort();
      await Promise.allSettled(all);
    }
  });
  const after = await progress.step('Rest', async (doing) => {
    doing('waiting until idle connections are closed');
    const open = await settledHandles({ pids, openBefore: before.open, plan, signal });
    doing('collecting garbage');
    return { open, live: await readLive(pids, signal) };
  });
  return { plan, ...load, before, after };
}

/** Until the signal comes. The metrics are read as well, as Prometheus reads them. */
async function takeSamples(options: {
  pids: Pids;
  metricsUrls: string[];
  plan: SoakPlan;
  doing: (what: string) => void;
  signal: AbortSignal;
}): Promise<SoakSample[]> {
  const { pids, metricsUrls, plan, doing, signal } = options;
  return await takeEvery(plan.sampleEveryMs, signal, async (elapsedSeconds) => {
    const usage = readProcessUsage(pids);
    const sample = {
      seconds: elapsedSeconds(),
      memoryBytes: Object.fromEntries(Object.entries(usage).map(([name, { memoryBytes }]) => [name, memoryBytes])),
    };
    doing(judgedProcesses.map((name) => `${name} ${Math.round((usage[name]?.memoryBytes ?? 0) / 1e6)} MB`).join(', '));
    await readAll(metricsUrls);
    return sample;
  });
}

/** Until the signal comes. Without it, a sample tells how long ago the last collection was, and resembles the one before. */
async function collectGarbage(options: { pids: Pids; plan: SoakPlan; signal: AbortSignal }): Promise<SoakSample[]> {
  const { pids, plan, signal } = options;
  return await takeEvery(plan.collectEveryMs, signal, async (elapsedSeconds) => {
    const live = await readLive(pids, signal).catch(unlessOver(signal));
    if (live === undefined) return undefined;
    const memoryBytes = Object.fromEntries(Object.entries(live).map(([name, memory]) => [name, memory.memoryBytes]));
    return { seconds: elapsedSeconds(), memoryBytes };
  });
}

/** Takes a sample at once and then as often as that, until the signal comes. One that came to nothing is left out. */
async function takeEvery(
  everyMs: number,
  signal: AbortSignal,
  take: (elapsedSeconds: () => number) => Promise<SoakSample | undefined>,
): Promise<SoakSample[]> {
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  const samples: SoakSample[] = [];
  while (!signal.aborted) {
    const sample = await take(() => elapsedMs() / 1000);
    if (sample) samples.push(sample);
    await delay(Math.max(0, samples.length * everyMs - elapsedMs()), undefined, { signal }).catch(() => {});
  }
  return samples;
}

async function readAll(urls: string[]): Promise<void> {
  await Promise.all(urls.map(readMetrics));
}

/** What is open when it is no more than before, or when idle connections have had their time to close. */
async function settledHandles(options: {
  pids: Pids;
  openBefore: Record<string, OpenHandles>;
  plan: SoakPlan;
  signal: AbortSignal;
}): Promise<Record<string, OpenHandles>> {
  const { pids, openBefore, plan, signal } = options;
  // Temporal's server has its clients connect anew every few minutes, and lets the old connection live on for a while.
  const deadline = performance.now() + 3 * plan.settleMs;
  for (;;) {
    const open = readOpenHandles(pids);
    const isBack = judgedProcesses.every((name) => {
      const [before, after] = [openBefore[name], open[name]];
      return before && after && after.files <= before.files && after.sockets <= before.sockets;
    });
    if (isBack || performance.now() >= deadline) return open;
    await delay(SETTLE_EVERY_MS, undefined, { signal });
  }
}

/** Without what belongs to the benchmark. */
function installed({ 'ridendine sandbox': _sandbox, ...pids }: Pids): Pids {
  return pids;
}

/** One after the other: the inspectors of all share a port. */
async function readLive(pids: Pids, signal: AbortSignal): Promise<Record<string, LiveMemory>> {
  const live: Record<string, LiveMemory> = {};
  for (const name of judgedProcesses) {
    const pid = pids[name];
    if (pid !== undefined) live[name] = await readLiveMemory(pid, signal);
  }
  return live;
}

/** What fails since it is over anyhow is no failure. */
function unlessOver(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
