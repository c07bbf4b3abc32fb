import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import pWaitFor from 'p-wait-for';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import { startedOrders } from '../support/started-orders.ts';
import type { StartedOrder, StartedOrders } from '../support/started-orders.ts';
import { testDataConverter } from '../support/test-encryption.ts';

const by = { actor: 'agent-7', reason: 'Ticket 1' };
const link = { ridendine_order_id: 'rnd_0123456789', payment_session_id: 'ps_0123456789' };

let temporal: EmbeddedTemporal;
let worker: OrderWorker;
let connection: Connection;
let orders: StartedOrders;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  temporal = await startEmbeddedTemporal('memory');
  worker = await createOrderWorker(temporal.settings);
  await worker.start();
  connection = await Connection.connect({ address: temporal.settings.address });
  orders = startedOrders({ worker, client: new Client({ connection, dataConverter: testDataConverter }), cleanUps });
}, 240_000);
afterAll(async () => {
  await worker.stop();
  await connection.close();
  await temporal.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** The first calls to RideNDine never end, as if the worker that makes them was gone; the next one succeeds. */
async function orderWithLostAttempts(count: number): Promise<StartedOrder> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  // The worker of this test waits for them when it stops.
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
