import { randomUUID } from 'node:crypto';
import pWaitFor from 'p-wait-for';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import type { OrderRow } from '../support/order-world.ts';
import type { RunningStack } from '../support/running-stack.ts';

const WAIT = { interval: 100, timeout: 60_000 };

/** An order that somebody asks about. */
export interface Case {
  key: string;
  checkout: DemoCheckout;
  /** The order's row at the beginning of the case. */
  order: OrderRow;
}

/** Makes orders in the situations that people ask about. */
export interface Cases {
  linkedOrder(): Promise<Case>;
  /** RideNDine has made the order but answered 503, and then refused the second attempt. */
  orderInReview(): Promise<Case>;
  /** RideNDine answers every call with this status, and asks for the next call in an hour. */
  orderHeldUp(status: number): Promise<Case>;
  /** Sends a checkout while RideNDine has these faults for its quote, and waits until `isReached`. */
  newOrder(options: { faults?: Record<string, unknown>[]; isReached: (order: OrderRow) => boolean }): Promise<Case>;
  /** The only order of a checkout. @throws Error if there is none, or more than one. */
  onlyOrderOf(checkout: DemoCheckout): Promise<OrderRow>;
}

export const workflowId = (key: string) => `order-creation-${key}`;

export function casesIn(world: RunningStack): Cases {
  const onlyOrderOf = async ({ quote_id }: DemoCheckout) => {
    const orders = await world.ordersOf(quote_id);
    const [order] = orders;
    if (order === undefined || orders.length > 1) throw new Error(`${quote_id} has ${orders.length} orders.`);
    return order;
  };
  const newOrder: Cases['newOrder'] = async ({ faults = [], isReached }) => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    for (const fault of faults) await world.addFault({ ...fault, quote_id: checkout.quote_id });
    await world.post(key, checkout, { prefer: 'wait=0' });
    await pWaitFor(async () => (await world.ordersOf(checkout.quote_id)).some(isReached), WAIT);
    return { key, checkout, order: await onlyOrderOf(checkout) };
  };
  return {
    newOrder,
    onlyOrderOf,
    linkedOrder: () => newOrder({ isReached: (order) => order['payment_session_id'] !== null }),
    orderInReview: () =>
      newOrder({
        faults: [
          { kind: 'status', status: 503, stored: 'before' },
          { kind: 'status', status: 422, detail: 'The merchant is not active.' },
        ],
        isReached: ({ status }) => status === 'NEEDS_REVIEW',
      }),
    async orderHeldUp(status) {
      const held = await newOrder({
        faults: [{ kind: 'status', status, retry_after: 3600, times: null }],
        isReached: () => true,
      });
      const handle = world.temporal.workflow.getHandle(workflowId(held.key));
      await pWaitFor(async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities?.some(({ lastFailure }) => lastFailure) ?? false;
      }, WAIT);
      return held;
    },
  };
}
