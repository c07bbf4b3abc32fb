import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from 'simple-statistics';
import type { Progress } from '../stack/progress.ts';
import { readProcessUsage } from './processes.ts';
import type { Pids, ProcessUsage } from './processes.ts';
import type { AtRest, Sample } from './results.ts';

/** What all parts are told. */
export interface LoadPlan {
  rounds: number;
  /** Callers at a time. */
  parallel: number[];
  /** Placed on each site before anything is measured. */
  warmUpOrders: number;
  ordersFor(parallel: number): number;
  /** How long processes are watched at rest, and how long they are waited for to come to rest. */
  atRestMs: number;
}

/** Callers of a warm-up: enough that connections are open on all sides. */
const WARM_UP_PARALLEL = 8;

/**
 * Places every order once, `parallel` at a time: each caller sends its next order when the last one is answered.
 *
 * @returns how long each order took.
 * @throws what `place` throws. An order that fails makes the figures worthless.
 */
async function placeAll<Order>(
  orders: Order[],
  parallel: number,
  place: (order: Order) => Promise<void>,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  // The callers share the iterator: each order is placed by one of them.
  const next = orders.values();
  const caller = async () => {
    for (const order of next) {
      const sentAt = performance.now();
      await place(order);
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: parallel }, caller));
  return latenciesMs;
}

export async function warmUp<Order>(orders: Order[], place: (order: Order) => Promise<void>): Promise<void> {
  await placeAll(orders, WARM_UP_PARALLEL, place);
}

/**
 * Places every order once, each at its time, whether or not those before it are answered. A latency counts from the time
 * at which an order was due.
 *
 * @throws Error if more than `mostUnderWay` are unanswered: the orders come faster than the machine carries them.
 * @throws what `place` throws, when the orders under way are answered.
 */
export async function placeAtRate<Order>(options: {
  orders: Order[];
  ordersPerSecond: number;
  mostUnderWay: number;
  place: (order: Order) => Promise<void>;
  /** Ends it. */
  signal?: AbortSignal;
}): Promise<{ latenciesMs: number[]; elapsedMs: number; mostUnderWay: number }> {
  const { orders, ordersPerSecond, place, signal } = options;
  const latenciesMs: number[] = [];
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const startedAt = performance.now();
  let mostUnderWay = 0;
  const send = async (order: Order, dueAt: number) => {
    try {
      await place(order);
      latenciesMs.push(performance.now() - dueAt);
    } catch (error) {
      failures.push(error);
    }
  };
  for (const [index, order] of orders.entries()) {
    const dueAt = startedAt + (1000 * index) / ordersPerSecond;
    const early = dueAt - performance.now();
    if (early > 0) await delay(early, undefined, { signal });
    if (underWay.size >= options.mostUnderWay) {
      const answered = latenciesMs.length / ((performance.now() - startedAt) / 1000);
      failures.push(
        new Error(
          `${ordersPerSecond} orders/s are more than this machine carries: ${underWay.size} are under way, and ` +
            `${answered.toFixed(1)} a second were answered so far. Measure with fewer a second.`,
        ),
      );
    }
    if (failures.length > 0) break;
    const sent = send(order, dueAt).then(() => void underWay.delete(sent));
    underWay.add(sent);
    mostUnderWay = Math.max(mostUnderWay, underWay.size);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { latenciesMs, elapsedMs: performance.now() - startedAt, mostUnderWay };
}

/** Measures loads on the processes of one site. */
export interface Meter {
  atRest: AtRest;
  measure<Order>(
    orders: Order[],
    parallel: number,
    place: (order: Order) => Promise<void>,
  ): Promise<Omit<Sample, 'variant' | 'round' | 'partnerMs'>>;
}

/** The benchmark's own process, which plays the callers. */
const CALLERS = 'callers';

/** @param pids may be empty: then only latencies are measured. */
export async function openMeter(pids: Pids, atRestMs: number): Promise<Meter> {
  await untilQuiet(pids, {}, atRestMs);
  const before = readProcessUsage(pids);
  const startedAt = performance.now();
  await delay(atRestMs);
  const seconds = (performance.now() - startedAt) / 1000;
  const atRest = perProcess(before, readProcessUsage(pids), (earlier, later) => ({
    cpuMsPerSecond: (later.cpuMs - earlier.cpuMs) / seconds,
    memoryBytes: later.memoryBytes,
  }));
  return { atRest, measure: (orders, parallel, place) => measure({ pids, atRest, atRestMs, orders, parallel, place }) };
}

async function measure<Order>(options: {
  pids: Pids;
  atRest: AtRest;
  atRestMs: number;
  orders: Order[];
  parallel: number;
  place: (order: Order) => Promise<void>;
}): ReturnType<Meter['measure']> {
  const { pids, atRest, atRestMs, orders, parallel, place } = options;
  await untilQuiet(pids, atRest, atRestMs);
  const before = readProcessUsage(pids);
  const ownBefore = process.cpuUsage();
  const startedAt = performance.now();
  const latenciesMs = await placeAll(orders, parallel, place);
  const elapsedMs = performance.now() - startedAt;
  const own = process.cpuUsage(ownBefore);
  // What an answered order leaves to be done belongs to it: its run is closed and becomes visible.
  await untilQuiet(pids, atRest, atRestMs);
  const after = readProcessUsage(pids);
  const seconds = (performance.now() - startedAt) / 1000;
  const usage = perProcess(before, after, (earlier, later, name) => ({
    cpuMs: Math.max(0, later.cpuMs - earlier.cpuMs - (atRest[name]?.cpuMsPerSecond ?? 0) * seconds) / orders.length,
    threadCpuMs: busiestThread(earlier, later) / orders.length,
    memoryBytes: later.memoryBytes,
  }));
  const read = (key: 'cpuMs' | 'threadCpuMs' | 'memoryBytes') =>
    Object.fromEntries(Object.entries(usage).map(([name, values]) => [name, values[key]]));
  return {
    parallel,
    orders: orders.length,
    p50Ms: quantile(latenciesMs, 0.5),
    p95Ms: quantile(latenciesMs, 0.95),
    p99Ms: quantile(latenciesMs, 0.99),
    ordersPerSecond: (1000 * orders.length) / elapsedMs,
    cpuMs: { ...read('cpuMs'), [CALLERS]: (own.user + own.system) / 1000 / orders.length },
    threadCpuMs: read('threadCpuMs'),
    memoryBytes: read('memoryBytes'),
  };
}

/** One way of placing orders, or one place for them. */
export interface Variant<Order> {
  name: string;
  meter: Meter;
  newOrders: (count: number) => Order[] | Promise<Order[]>;
  place: (order: Order) => Promise<void>;
}

/**
 * Under each load of each round the variants take turns; the one that was first is last in the next round. So what slows
 * the machine down for a while slows them all.
 */
export async function measureInTurns<Order>(options: {
  plan: Pick<LoadPlan, 'rounds' | 'parallel' | 'ordersFor'>;
  variants: Variant<Order>[];
  partnersMs?: (number | null)[];
  /** Called before the loads with this time of the partner. */
  letPartnerTake?: (ms: number) => Promise<void>;
  progress: Progress;
}): Promise<Sample[]> {
  const { plan, variants, partnersMs = [null], letPartnerTake, progress } = options;
  const samples: Sample[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const inTurn = round % 2 === 1 ? variants : variants.toReversed();
    await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
      for (const partnerMs of partnersMs) {
        if (partnerMs !== null) await letPartnerTake?.(partnerMs);
        for (const parallel of plan.parallel) {
          for (const { name, meter, newOrders, place } of inTurn) {
            doing(`${name}, ${parallel} in parallel${partnerMs === null ? '' : `, partner ${partnerMs} ms`}`);
            const orders = await newOrders(plan.ordersFor(parallel));
            samples.push({ variant: name, round, partnerMs, ...(await meter.measure(orders, parallel, place)) });
          }
        }
      }
    });
  }
  return samples;
}

const QUIET_WINDOW_MS = 100;
/** Three ticks of the system's clock above the rest count as quiet. */
const QUIET_CPU_MS = 30;

/** Until the processes use hardly more than at rest, but no longer than `mostMs`. */
async function untilQuiet(pids: Pids, atRest: AtRest, mostMs: number): Promise<void> {
  const total = () => Object.values(readProcessUsage(pids)).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const rest = Object.values(atRest).reduce((sum, { cpuMsPerSecond }) => sum + cpuMsPerSecond, 0);
  const deadline = performance.now() + mostMs;
  let before = total();
  while (performance.now() < deadline) {
    await delay(QUIET_WINDOW_MS);
    const now = total();
    if (now - before <= QUIET_CPU_MS + (rest * QUIET_WINDOW_MS) / 1000) return;
    before = now;
  }
}

function busiestThread(before: ProcessUsage, after: ProcessUsage): number {
  const used = [...after.threadCpuMs].map(([thread, cpuMs]) => cpuMs - (before.threadCpuMs.get(thread) ?? 0));
  return Math.max(0, ...used);
}

function perProcess<Value>(
  before: Record<string, ProcessUsage>,
  after: Record<string, ProcessUsage>,
  read: (before: ProcessUsage, after: ProcessUsage, name: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(after).map(([name, later]) => [name, read(before[name] ?? later, later, name)]),
  );
}
