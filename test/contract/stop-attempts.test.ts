import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import proto from '@temporalio/proto';
import pWaitFor from 'p-wait-for';
import type { StartedOrder } from '../support/started-orders.ts';
import { startOrdersOnTemporal } from '../support/orders-on-temporal.ts';
import type { OrdersOnTemporal } from '../support/orders-on-temporal.ts';

const by = { actor: 'agent-7', reason: 'Ticket 1' };
const link = { ridendine_order_id: 'rnd_0123456789', payment_session_id: 'ps_0123456789' };

let site: OrdersOnTemporal;
let orders: OrdersOnTemporal['orders'];
let cleanUps: OrdersOnTemporal['cleanUps'];

beforeAll(async () => {
  site = await startOrdersOnTemporal({ storage: 'memory' });
  ({ orders, cleanUps } = site);
}, 240_000);
afterAll(() => site.stop());
afterEach(() => site.cleanUp());

/** An order whose first `count` calls to RideNDine never end, as if their worker were gone. The next call succeeds. */
async function orderWithLostAttempts(count: number): Promise<StartedOrder> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  // The worker of this test waits for these calls when it stops.
  cleanUps.push(() => resolve());
  let calls = 0;
  const order = await orders.start({
    override: {
      async createRideNDineOrder() {
        calls += 1;
        if (calls <= count) await over;
        return link;
      },
    },
  });
  await untilUnderWay(order);
  return order;
}

const { PENDING_ACTIVITY_STATE_STARTED: STARTED } = proto.temporal.api.enums.v1.PendingActivityState;

async function untilUnderWay({ handle }: StartedOrder): Promise<void> {
  await pWaitFor(
    async () =>
      ((await handle.describe()).raw.pendingActivities ?? []).some(
        ({ activityType, state, paused }) =>
          activityType?.name === 'createRideNDineOrder' && state === STARTED && paused !== true,
      ),
    { timeout: 30_000 },
  );
}

describe('a request to cancel while the worker that asks RideNDine is gone', () => {
  it('brings the order to review once the time of that attempt is over, and a retry goes on from there', async () => {
    const order = await orderWithLostAttempts(1);

    const reply = await order.handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] });

    expect(reply).toContain('review');
    expect(order.marks.at(-1)).toMatchObject({ status: 'NEEDS_REVIEW', support_action: by });
    await order.handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', ...by }] });
    await expect(order.handle.result()).resolves.toMatchObject(link);
  }, 90_000);

  it('does so again after a retry whose worker is gone, too', async () => {
    const order = await orderWithLostAttempts(2);
    const cancel = () => order.handle.executeUpdate<string, [object]>('cancelOrder', { args: [by] });

    await cancel();
    await order.handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', ...by }] });
    await untilUnderWay(order);

    expect(await cancel()).toContain('review');
    await order.handle.executeUpdate('resolveReview', { args: [{ decision: 'link', ...by, ...link }] });
    await expect(order.handle.result()).resolves.toMatchObject(link);
  }, 120_000);
});
