import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { OrderFailedError } from '../../src/client/index.ts';
import type { CreateOrderOutcome, OrderView } from '../../src/client/index.ts';
import { awaitOrder } from '../../src/gateway/awaited-order.ts';
import type { CreateOrderOptions } from '../../src/gateway/orders.ts';
import { newCheckoutRequest } from '../support/builders.ts';

const linked = {
  state: 'SUCCEEDED',
  stage: 'LINKED',
  order_id: randomUUID(),
  ridendine_order_id: 'rnd_1',
  payment_session_id: 'ps_1',
  status: 'PENDING_PAYMENT',
  payment_status: 'PENDING',
} as const;

/** Orders that give these outcomes one after the other, and note how they were asked. */
function scriptedOrders(outcomes: (CreateOrderOutcome | Promise<never>)[], view?: OrderView) {
  const asked: CreateOrderOptions[] = [];
  return {
    asked,
    async createOrder(_input: unknown, options: CreateOrderOptions) {
      asked.push(options);
      return (await outcomes.shift()) as CreateOrderOutcome;
    },
    async getOrder() {
      if (!view) throw new Error('Nobody should ask.');
      return view;
    },
  };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

describe('an awaited order', () => {
  it('hands on the trace and the id of the request', async () => {
    const orders = scriptedOrders([{ ...linked, replayed: false }]);
    const { signal } = new AbortController();
    const options = { timeoutMs: 5000, signal, traceparent: '00-…', requestId: 'request-1' };

    await expect(awaitOrder(orders, newCheckoutRequest(), options)).resolves.toEqual({ ...linked, replayed: false });
    expect(orders.asked).toEqual([options]);
  });

  it('that nobody waits for any more is what is known of it by now', async () => {
    const stopWaiting = new AbortController();
    const orders = scriptedOrders([never(), { state: 'IN_PROGRESS', stage: 'CREATING_RECORD' }]);

    const awaited = awaitOrder(orders, newCheckoutRequest(), { timeoutMs: 5000, signal: stopWaiting.signal });
    stopWaiting.abort();

    await expect(awaited).resolves.toEqual({ state: 'IN_PROGRESS', stage: 'CREATING_RECORD' });
    expect(orders.asked.map(({ timeoutMs }) => timeoutMs)).toEqual([5000, 0]);
  });

  it('that nobody waits for from the first is begun all the same', async () => {
    const orders = scriptedOrders([{ state: 'IN_PROGRESS', stage: 'VALIDATING' }]);

    await awaitOrder(orders, newCheckoutRequest(), { timeoutMs: 5000, signal: AbortSignal.abort() });

    expect(orders.asked.map(({ timeoutMs }) => timeoutMs)).toEqual([0]);
  });

  it('that failed for the client because nobody waits is asked for once more', async () => {
    const stopWaiting = new AbortController();
    const aborted = new Promise<never>((_resolve, reject) => {
      stopWaiting.signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
    const orders = scriptedOrders([aborted, { ...linked, replayed: true }]);

    const awaited = awaitOrder(orders, newCheckoutRequest(), { timeoutMs: 5000, signal: stopWaiting.signal });
    stopWaiting.abort();

    await expect(awaited).resolves.toEqual({ ...linked, replayed: true });
  });

  it('that is done when the time is over is answered with its ids', async () => {
    const orders = scriptedOrders([{ state: 'IN_PROGRESS', stage: 'LINKED' }], linked);
    const { signal } = new AbortController();

    const awaited = awaitOrder(orders, newCheckoutRequest(), { timeoutMs: 0, signal });

    await expect(awaited).resolves.toEqual({ ...linked, replayed: true });
  });

  it('that has failed when the time is over is a failure', async () => {
    const failure = { code: 'RideNDineRejected', detail: 'RideNDine refuses the order.' } as const;
    const orders = scriptedOrders([{ state: 'IN_PROGRESS', stage: 'FAILED' }], {
      state: 'FAILED',
      stage: 'FAILED',
      failure,
    });
    const { signal } = new AbortController();

    const awaited = awaitOrder(orders, newCheckoutRequest(), { timeoutMs: 0, signal });

    await expect(awaited).rejects.toEqual(new OrderFailedError(failure.code, failure.detail));
  });
});
