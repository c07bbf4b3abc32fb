import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { placeAtRate } from '../../bench/load.ts';

const orders = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('orders at a rate', () => {
  it('are sent whether or not those before them are answered', async () => {
    const answers = Promise.withResolvers<void>();
    const sent: number[] = [];

    const load = await placeAtRate({
      orders: orders(5),
      ordersPerSecond: 1000,
      mostUnderWay: 5,
      place: async (order) => {
        sent.push(order);
        if (sent.length === 5) answers.resolve();
        await answers.promise;
      },
    });

    expect(sent).toEqual([0, 1, 2, 3, 4]);
    expect(load.latenciesMs).toHaveLength(5);
  });

  it('are sent no earlier than they are due', async () => {
    const sentAt: number[] = [];
    const startedAt = performance.now();

    await placeAtRate({
      orders: orders(4),
      ordersPerSecond: 20,
      mostUnderWay: 4,
      place: async () => void sentAt.push(performance.now() - startedAt),
    });

    // Timers may fire early by a fraction of a millisecond.
    sentAt.forEach((at, order) => expect(at).toBeGreaterThan(50 * order - 2));
  });

  it('are given up if they come faster than they are answered', async () => {
    const hanging = placeAtRate({
      orders: orders(100),
      ordersPerSecond: 1000,
      mostUnderWay: 3,
      place: () => delay(50),
    });

    await expect(hanging).rejects.toThrow('1000 orders/s are more than this machine carries: 3 are under way');
  });

  it('are given up if one fails, when those under way are answered', async () => {
    let answered = 0;
    const failing = placeAtRate({
      orders: orders(1000),
      ordersPerSecond: 200,
      mostUnderWay: 1000,
      place: async (order) => {
        await delay(20);
        answered += 1;
        if (order === 2) throw new Error('no order');
      },
    });

    await expect(failing).rejects.toThrow('no order');
    expect(answered).toBeLessThan(1000);
  });
});
