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
  for (const [index, order] of orders.entries()) {
    const dueAt = startedAt + (1000 * index) / ordersPerSecond;
    const early = dueAt - performance.now();
    if (early > 0) await delay(early, undefined, { signal });
    if (underWay.size >= options.mostUnderWay) {
      const tooFast = `${ordersPerSecond} orders/s are more than this machine carries: ${underWay.size} are under way.`;
      failures.push(new Error(`${tooFast} Measure with fewer a second.`));
    }
    if (failures.length > 0) break;
    const sent: Promise<void> = place(order)
      .then(() => void latenciesMs.push(performance.now() - dueAt))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
    mostUnderWay = Math.max(mostUnderWay, underWay.size);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { latenciesMs, elapsedMs: performance.now() - startedAt, mostUnderWay };
}

/** Measures loads on the processes of one site. */
export class Meter {
  readonly atRest: AtRest;
  readonly #pids: Pids;
  readonly #atRestMs: number;

  private constructor(pids: Pids, atRestMs: number, atRest: AtRest) {
    [this.#pids, this.#atRestMs, this.atRest] = [pids, atRestMs, atRest];
  }

  static async open(pids: Pids, atRestMs: number): Promise<Meter> {
    await untilQuiet(pids, {}, atRestMs);
    const before = readProcessUsage(pids);
    const startedAt = performance.now();
    await delay(atRestMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = readProcessUsage(pids);
    const atRest = perProcess(before, after, (earlier, later) => (later.cpuMs - earlier.cpuMs) / seconds);
    return new Meter(pids, atRestMs, atRest);
  }

  async measure<Order>(
    orders: Order[],
    parallel: number,
    place: (order: Order) => Promise<void>,
  ): Promise<Omit<Sample, 'variant' | 'round' | 'partnerMs'>> {
    await untilQuiet(this.#pids, this.atRest, this.#atRestMs);
    const before = readProcessUsage(this.#pids);
    const ownBefore = process.cpuUsage();
    const startedAt = performance.now();
    const latenciesMs = await placeAll(orders, parallel, place);
    const elapsedMs = performance.now() - startedAt;
    // The callers are the benchmark's own process.
    const own = process.cpuUsage(ownBefore);
    // What an answered order leaves to be done belongs to it: its run is closed and becomes visible.
    await untilQuiet(this.#pids, this.atRest, this.#atRestMs);
    const after = readProcessUsage(this.#pids);
    const seconds = (performance.now() - startedAt) / 1000;
    const cpuMs = perProcess(before, after, (earlier, later, name) => {
      const atRest = (this.atRest[name] ?? 0) * seconds;
      return Math.max(0, later.cpuMs - earlier.cpuMs - atRest) / orders.length;
    });
    return {
      parallel,
      orders: orders.length,
      p50Ms: quantile(latenciesMs, 0.5),
      p95Ms: quantile(latenciesMs, 0.95),
      p99Ms: quantile(latenciesMs, 0.99),
      ordersPerSecond: (1000 * orders.length) / elapsedMs,
      cpuMs: { ...cpuMs, callers: (own.user + own.system) / 1000 / orders.length },
      threadCpuMs: perProcess(before, after, (earlier, later) => busiestThread(earlier, later) / orders.length),
      memoryBytes: perProcess(before, after, (_earlier, later) => later.memoryBytes),
    };
  }
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
  const rest = Object.values(atRest).reduce((sum, cpuMs) => sum + cpuMs, 0);
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
