import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from 'simple-statistics';
import type { Progress } from '../stack/progress.ts';
import { readProcessUsage } from './processes.ts';
import type { Pids, ProcessUsage } from './processes.ts';
import type { AtRest, Sample } from './results.ts';

/** The settings that the parts of the benchmark have in common. */
export interface LoadPlan {
  rounds: number;
  /** Numbers of callers that place orders at the same time. */
  parallel: number[];
  /** Placed on each site before anything is measured. */
  warmUpOrders: number;
  ordersFor(parallel: number): number;
  /** How long processes are measured at rest, and the longest wait until they are at rest. */
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
 * Places every order once, each at the time when it is due, whether or not earlier orders are answered. The latency of
 * an order counts from that time.
 *
 * @throws Error if `mostUnderWay` orders are unanswered when the next is due: this rate is too high for the machine.
 * @throws what `place` throws. Both errors are thrown once the orders under way are answered.
 */
export async function placeAtRate<Order>(options: {
  orders: Order[];
  ordersPerSecond: number;
  mostUnderWay: number;
  place: (order: Order) => Promise<void>;
  /** Ends the wait for the next order, with an error. */
  signal?: AbortSignal;
}): Promise<{ latenciesMs: number[]; elapsedMs: number }> {
  const { orders, ordersPerSecond, mostUnderWay, place, signal } = options;
  const latenciesMs: number[] = [];
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const startedAt = performance.now();
  for (const [index, order] of orders.entries()) {
    const dueAt = startedAt + (1000 * index) / ordersPerSecond;
    const early = dueAt - performance.now();
    if (early > 0) await delay(early, undefined, { signal });
    if (underWay.size >= mostUnderWay) {
      const tooFast = `${ordersPerSecond} orders/s are more than this machine carries: ${underWay.size} are under way.`;
      failures.push(new Error(`${tooFast} Measure with fewer a second.`));
    }
    if (failures.length > 0) break;
    const sent: Promise<void> = place(order)
      .then(() => void latenciesMs.push(performance.now() - dueAt))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { latenciesMs, elapsedMs: performance.now() - startedAt };
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
    // The callers run in the benchmark's own process.
    const own = process.cpuUsage(ownBefore);
    // Work after the answer belongs to the order, too: Temporal closes its run and makes it visible.
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

/** One way to place orders, or one site where orders are placed. */
export interface Variant<Order> {
  name: string;
  meter: Meter;
  newOrders: (count: number) => Order[] | Promise<Order[]>;
  place: (order: Order) => Promise<void>;
}

/**
 * The variants take turns under each load of each round. The variant that is first in one round is last in the next. So
 * a slow phase of the machine affects all variants.
 */
export async function measureInTurns<Order>(options: {
  plan: Pick<LoadPlan, 'rounds' | 'parallel' | 'ordersFor'>;
  variants: Variant<Order>[];
  partnersMs?: (number | null)[];
  /** Sets how long RideNDine takes to answer. Called before the loads with this time. */
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
/** Up to three ticks of the system's clock more than at rest count as quiet. */
const QUIET_CPU_MS = 30;

/** Waits until the processes use hardly more CPU than at rest, but no longer than `mostMs`. */
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
  const used = [...after.threads].map(([id, { cpuMs }]) => cpuMs - (before.threads.get(id)?.cpuMs ?? 0));
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
