import { setTimeout as delay } from 'node:timers/promises';
import type { Load } from './closed-loop.ts';

/**
 * Places every order once, each at its time, whether or not those before it are answered. A latency counts from the time
 * at which an order was due.
 *
 * @throws Error if more than `mostUnderWay` are unanswered at a time: the orders come faster than they are carried.
 * @throws what `place` throws. An order that fails makes the figures worthless.
 */
export async function placeAtRate<Order>(options: {
  orders: Order[];
  ordersPerSecond: number;
  mostUnderWay: number;
  place: (order: Order) => Promise<void>;
  /** No order is sent after it; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<Load & { mostUnderWay: number }> {
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
    if (failures.length > 0) break;
    if (underWay.size >= options.mostUnderWay) {
      failures.push(
        tooFast(ordersPerSecond, underWay.size, latenciesMs.length / ((performance.now() - startedAt) / 1000)),
      );
      break;
    }
    const sent = send(order, dueAt).then(() => void underWay.delete(sent));
    underWay.add(sent);
    mostUnderWay = Math.max(mostUnderWay, underWay.size);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { latenciesMs, elapsedMs: performance.now() - startedAt, mostUnderWay };
}

function tooFast(ordersPerSecond: number, underWay: number, answeredPerSecond: number): Error {
  return new Error(
    `${ordersPerSecond} orders/s are more than this machine carries: ${underWay} are under way, and ` +
      `${answeredPerSecond.toFixed(1)} a second were answered so far. Measure with fewer a second.`,
  );
}
