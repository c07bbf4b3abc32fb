import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import pWaitFor from 'p-wait-for';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import type { OrderRow } from '../support/order-world.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

const by = { actor: 'agent-7', reason: 'Ticket 1' };
const withoutName = { actor: 'Request Cancellation in Temporal' };

let world: RunningStack;
beforeAll(async () => {
  world = await startRunningStack({ RIDENDINE_TIMEOUT_MS: '2000' });
}, 360_000);
afterAll(() => world.stop());
afterEach(() => world.clearFaults());

/** The two ways in which people cancel, and whom the order then names. */
const ways: [string, (handle: WorkflowHandle) => Promise<unknown>, object][] = [
  ['the update cancelOrder', (handle) => handle.executeUpdate('cancelOrder', { args: [by] }), by],
  ['Request Cancellation', (handle) => handle.cancel(), withoutName],
];

describe.each(ways)('%s', (_way, cancel, who) => {
  it('while Directus hangs is final for the key: the same request makes no order', async () => {
    const { key, checkout, handle } = await newOrder();
    const pid = Number(world.stack.parts.directus?.pid);
    process.kill(pid, 'SIGSTOP');
    let cancelling: Promise<unknown>;
    try {
      const waiting = await world.post(key, checkout, { prefer: 'wait=1' });
      expect(waiting.status).toBe(202);
      expect(await body(waiting)).toMatchObject({ stage: 'VALIDATING' });
      cancelling = cancel(handle);
      await pWaitFor(async () => await detailsOf(handle).then((details) => details.includes('being cancelled')), {
        interval: 100,
        timeout: 60_000,
      });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await cancelling;
    await handle.result().catch(() => {});

    const again = await world.post(key, checkout);

    expect(again.status).toBe(409);
    expect(await body(again)).toMatchObject({ code: 'OrderCancelled' });
    expect(await body(await world.get(key))).toMatchObject({
      state: 'FAILED',
      stage: 'CANCELLED',
      order_id: expect.any(String),
      failure: { code: 'OrderCancelled' },
    });
    const [order] = await world.ordersOf(checkout.quote_id);
    expect(order).toMatchObject({ status: 'CANCELLED', support_actions: [expect.objectContaining(who)] });
    await expect(world.sandboxOrdersOf(String(order?.id))).resolves.toEqual([]);
  }, 120_000);

  it('while RideNDine cannot be reached ends the order, which does not go out when RideNDine is back', async () => {
    const { key, checkout, handle } = await newOrder();
    await world.stack.parts.ridendine?.stop();
    try {
      expect((await world.post(key, checkout, { prefer: 'wait=1' })).status).toBe(202);
      await untilAttempts(handle, 2);

      await cancel(handle);
      await handle.result().catch(() => {});
    } finally {
      await world.stack.parts.ridendine?.start();
    }

    const order = await onlyOrderOf(checkout);
    expect(order).toMatchObject({ status: 'CANCELLED', support_actions: [expect.objectContaining(who)] });
    const again = await world.post(key, checkout);
    expect([again.status, await body(again)]).toMatchObject([409, { code: 'OrderCancelled' }]);
    await expect(world.sandboxOrdersOf(order.id)).resolves.toEqual([]);
  }, 120_000);

  it('while RideNDine may have the order brings it to review at once, and RideNDine is not asked again', async () => {
    const { key, checkout, handle } = await newOrder();
    await world.addFault({ kind: 'status', status: 503, times: null, quote_id: checkout.quote_id });
    expect((await world.post(key, checkout, { prefer: 'wait=1' })).status).toBe(202);
    await untilAttempts(handle, 2);

    await cancel(handle);

    const order = await untilReview(checkout);
    const details = await detailsOf(handle);
    const { length: calls } = await world.sandboxAttemptsOf(order.id);
    await world.clearFaults();
    await handle.executeUpdate('resolveReview', { args: [{ decision: 'abandon', ...by }] });
    await handle.result().catch(() => {});
    expect(order).toMatchObject({ support_actions: [expect.objectContaining(who)] });
    expect(details).toContain(String((order['support_actions'] as { actor: string }[])[0]?.actor));
    await expect(world.sandboxAttemptsOf(order.id)).resolves.toHaveLength(calls);
  }, 120_000);
});

async function newOrder(): Promise<{ key: string; checkout: DemoCheckout; handle: WorkflowHandle }> {
  const key = randomUUID();
  return {
    key,
    checkout: await world.newCheckout(),
    handle: world.temporal.workflow.getHandle(`order-creation-${key}`),
  };
}

/** Waits until this many attempts at RideNDine have failed. */
async function untilAttempts(handle: WorkflowHandle, count: number): Promise<void> {
  await pWaitFor(
    async () => {
      const { pendingActivities } = (await handle.describe()).raw;
      return (pendingActivities?.[0]?.attempt ?? 0) > count;
    },
    { interval: 50, timeout: 60_000 },
  );
}

async function untilReview(checkout: DemoCheckout): Promise<OrderRow> {
  await pWaitFor(async () => (await onlyOrderOf(checkout))['status'] === 'NEEDS_REVIEW', {
    interval: 100,
    timeout: 60_000,
  });
  return await onlyOrderOf(checkout);
}

async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails ?? '';
}

async function body(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

async function onlyOrderOf({ quote_id }: DemoCheckout): Promise<OrderRow> {
  const orders = await world.ordersOf(quote_id);
  expect(orders).toHaveLength(1);
  return orders[0] as OrderRow;
}
