import { setTimeout as delay } from 'node:timers/promises';
import { placeAll } from './closed-loop.ts';
import type { Load } from './closed-loop.ts';
import { readProcessUsage } from './process-usage.ts';
import type { ProcessUsage } from './process-usage.ts';

/** The processes that are looked at, by name. */
export type Pids = Record<string, number>;

/** What each process uses while there is nothing to do: polls, timers, statistics. */
export type AtRest = Record<string, { cpuMsPerSecond: number; memoryBytes: number }>;

export interface MeasuredLoad extends Load {
  /** By process, from the first order to the end of what they left to do, less what it uses at rest. */
  cpuMs: Record<string, number>;
  /** The same of the thread that used most. */
  busiestThreadCpuMs: Record<string, number>;
  memoryBytes: Record<string, number>;
}

/** Our own process, which plays the callers. */
const CALLERS = 'callers';

const QUIET_WINDOW_MS = 100;
/** As much as this above its rest counts as quiet: two ticks of the system's own clock, and one for luck. */
const QUIET_CPU_MS = 30;
const QUIET_DEADLINE_MS = 5_000;

export async function measureAtRest(pids: Pids, ms: number): Promise<AtRest> {
  await untilQuiet(pids, {});
  const before = readProcessUsage(pids);
  const startedAt = performance.now();
  await delay(ms);
  const after = readProcessUsage(pids);
  const elapsedMs = performance.now() - startedAt;
  return mapUsages(pids, (name) => ({
    cpuMsPerSecond: (1000 * (usageOf(after, name).cpuMs - usageOf(before, name).cpuMs)) / elapsedMs,
    memoryBytes: usageOf(after, name).memoryBytes,
  }));
}

/** Places the orders when the processes are done with what came before, and measures what that takes of each. */
export async function measureLoad<Order>(options: {
  pids: Pids;
  atRest: AtRest;
  orders: Order[];
  parallel: number;
  place: (order: Order) => Promise<void>;
}): Promise<MeasuredLoad> {
  const { pids, atRest } = options;
  await untilQuiet(pids, atRest);
  const before = readProcessUsage(pids);
  const ownBefore = process.cpuUsage();
  const startedAt = performance.now();
  const load = await placeAll(options);
  const own = process.cpuUsage(ownBefore);
  // What an answered order leaves to be done belongs to it: closing its run, making it visible.
  await untilQuiet(pids, atRest);
  const after = readProcessUsage(pids);
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    ...load,
    cpuMs: {
      ...mapUsages(pids, (name) => {
        const used = usageOf(after, name).cpuMs - usageOf(before, name).cpuMs;
        return Math.max(0, used - (atRest[name]?.cpuMsPerSecond ?? 0) * seconds);
      }),
      [CALLERS]: (own.user + own.system) / 1000,
    },
    busiestThreadCpuMs: mapUsages(pids, (name) => busiestThread(usageOf(before, name), usageOf(after, name))),
    memoryBytes: mapUsages(pids, (name) => usageOf(after, name).memoryBytes),
  };
}

function busiestThread(before: ProcessUsage, after: ProcessUsage): number {
  const used = [...after.threadCpuMs].map(([thread, cpuMs]) => cpuMs - (before.threadCpuMs.get(thread) ?? 0));
  return Math.max(0, ...used);
}

/** Until the processes use hardly more than at rest. A machine that has no rest is not waited for longer than a while. */
async function untilQuiet(pids: Pids, atRest: AtRest): Promise<void> {
  const rest = Object.values(atRest).reduce((sum, { cpuMsPerSecond }) => sum + cpuMsPerSecond, 0);
  const quietMs = QUIET_CPU_MS + (rest * QUIET_WINDOW_MS) / 1000;
  const deadline = performance.now() + QUIET_DEADLINE_MS;
  let before = totalCpuMs(pids);
  while (performance.now() < deadline) {
    await delay(QUIET_WINDOW_MS);
    const now = totalCpuMs(pids);
    if (now - before <= quietMs) return;
    before = now;
  }
}

function totalCpuMs(pids: Pids): number {
  return Object.values(readProcessUsage(pids)).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

function mapUsages<Value>(pids: Pids, valueOf: (name: string) => Value): Record<string, Value> {
  return Object.fromEntries(Object.keys(pids).map((name) => [name, valueOf(name)]));
}

function usageOf(usages: Record<string, ProcessUsage>, name: string): ProcessUsage {
  const usage = usages[name];
  if (usage === undefined) throw new Error(`${name} was not measured.`);
  return usage;
}
