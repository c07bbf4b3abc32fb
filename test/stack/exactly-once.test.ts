import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import pWaitFor from 'p-wait-for';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import { openHold } from '../support/database-hold.ts';
import type { OrderRow } from '../support/order-world.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

let world: RunningStack;
beforeAll(async () => {
  // The sweep runs only when a test asks for it, and finds every order that is older than a second.
  world = await startRunningStack({
    GATEWAY_WAIT_MS: '60000',
    RIDENDINE_TIMEOUT_MS: '2000',
    WORKER_SWEEP_AFTER: '1s',
    WORKER_SWEEP_INTERVAL: '1d',
  });
}, 360_000);
afterAll(() => world.stop());

describe('100 identical requests at once', () => {
  it('are one run, one order, one order at RideNDine, and 100 equal answers', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const responses = await Promise.all(Array.from({ length: 100 }, () => world.post(key, checkout)));
    const answers = await Promise.all(responses.map(body));

    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(99);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const order = await onlyOrderOf(checkout);
    expect(answers[0]).toMatchObject({ order_id: order.id, payment_session_id: order['payment_session_id'] });
    await expect(world.sandboxOrdersOf(order.id)).resolves.toHaveLength(1);
    await pWaitFor(async () => (await runsOf(key)).length > 0, { interval: 100, timeout: 60_000 });
    expect(await runsOf(key)).toHaveLength(1);
  }, 240_000);
});

describe('the same key with another checkout', () => {
  it('is refused while the first goes on, after it succeeded, and after its run was deleted', async () => {
    const key = randomUUID();
    const [checkout, other] = [await world.newCheckout(), await world.newCheckout()];
    await world.addFault({ kind: 'latency', ms: 1500, quote_id: checkout.quote_id });

    const first = world.post(key, checkout);
    await pWaitFor(async () => (await world.get(key)).status === 200, { interval: 50, timeout: 60_000 });
    const running = await world.post(key, other);
    const { payment_session_id } = await body(await first);
    const afterwards = await world.post(key, other);
    await deleteRun(key);
    const deleted = await world.post(key, other);
    const again = await world.post(key, checkout);

    for (const refused of [running, afterwards, deleted]) {
      expect(refused.status).toBe(422);
      expect(await body(refused)).toMatchObject({ code: 'IdempotencyKeyReused' });
    }
    // The first checkout still gets its ids, now from Directus, and marked as a repeated request.
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(await body(again)).toMatchObject({ payment_session_id });
    await expect(world.ordersOf(other.quote_id)).resolves.toEqual([]);
    await onlyOrderOf(checkout);
  }, 240_000);
});

describe('a run that an operator starts by hand', () => {
  it('is the key’s run like any other: the same checkout gets its ids, another is refused', async () => {
    const key = randomUUID();
    const [checkout, other] = [await world.newCheckout(), await world.newCheckout()];
    const run = await world.temporal.workflow.start('orderCreation', {
      taskQueue: 'order-creation',
      workflowId: `order-creation-${key}`,
      args: [{ ...checkout, idempotency_key: key }],
    });
    await run.result();

    const [same, refused] = [await world.post(key, checkout), await world.post(key, other)];

    expect(same.status).toBe(200);
    expect(await body(same)).toMatchObject({ order_id: (await onlyOrderOf(checkout)).id });
    expect(await body(refused)).toMatchObject({ code: 'IdempotencyKeyReused' });
  });
});

describe('a run that was lost half-way', () => {
  it('answers a look-up with what to do: send the same request again', async () => {
    const { key } = await orderHeldAtPartner();
    await handleOf(key).terminate();

    const response = await world.get(key);

    expect(response.status).toBe(503);
    expect(await body(response)).toMatchObject({ code: 'TemporalUnavailable', retryable: true });
  });

  it('is continued by the sweep with the bytes that were frozen, whatever has changed since', async () => {
    const { key, checkout, order } = await orderHeldAtPartner();
    await handleOf(key).terminate();
    await world.patch(`/items/customers/${checkout.customer_id}`, { name: 'Customer Renamed' });
    await world.patch(`/items/orders/${order.id}`, { customer_note: 'Corrected by support staff' });
    await world.clearFaults();

    await sweep();

    const linked = await untilOrder(checkout, ({ ridendine_order_id }) => ridendine_order_id !== null);
    const partnerOrders = await world.sandboxOrdersOf(order.id);
    expect(partnerOrders).toMatchObject([
      { ridendine_order_id: linked['ridendine_order_id'], raw_body: order['ridendine_request'] },
    ]);
    expect(await body(await world.post(key, checkout))).toMatchObject({ order_id: order.id });
  }, 240_000);

  it('is continued by a customer who clicks again', async () => {
    const { key, checkout, order } = await orderHeldAtPartner();
    await handleOf(key).terminate();
    await world.clearFaults();

    const response = await world.post(key, checkout);

    expect(response.status).toBe(201);
    expect(await body(response)).toMatchObject({ order_id: order.id });
    await expect(world.sandboxOrdersOf(order.id)).resolves.toHaveLength(1);
  }, 240_000);

  it('while it waited for support staff waits for them again after a sweep, for the same reason', async () => {
    const { key, checkout, order } = await orderInReview();
    await handleOf(key).terminate();

    await sweep();

    await untilStage(key, 'NEEDS_REVIEW');
    await untilOrder(checkout, ({ status }) => status === 'NEEDS_REVIEW');
    await expect(onlyOrderOf(checkout)).resolves.toMatchObject({
      failure_code: 'RideNDineRejected',
      failure_reason: order['failure_reason'],
    });
    await resolveWithLink(key, order.id);
    await expect(onlyOrderOf(checkout)).resolves.toMatchObject({ status: 'PENDING_PAYMENT', failure_code: null });
  }, 240_000);

  it('is continued once by two sweeps at the same time, and an open run is left alone', async () => {
    const { key, order } = await orderHeldAtPartner();
    const { key: openKey } = await orderHeldAtPartner();
    await handleOf(key).terminate();

    const results = await Promise.all([sweepNow(), sweepNow()]);

    expect(results.map(({ continued }) => continued).reduce((sum, count) => sum + count)).toBe(1);
    expect((await handleOf(openKey).describe()).runId).toBe(await firstRunIdOf(openKey));
    await world.clearFaults();
    await Promise.all([handleOf(key).result(), handleOf(openKey).result()]);
    await expect(world.sandboxOrdersOf(order.id)).resolves.toHaveLength(1);
  }, 240_000);
});

describe('an order that a worker wrote as it died, so that its run does not know it', () => {
  it('is cancelled with its run, even if Directus writes it while the run is being cancelled', async () => {
    const { key, checkout, release } = await orderOfDyingWorker();
    await handleOf(key).cancel();
    await world.stack.parts.worker.start();
    const written = await release();

    await expect(handleOf(key).result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });

    const again = await world.post(key, checkout);
    expect(await body(again)).toMatchObject({ code: 'OrderCancelled' });
    await expect(onlyOrderOf(checkout)).resolves.toMatchObject({
      status: 'CANCELLED',
      active_quote_id: null,
      support_actions: [{ action: 'cancel' }],
    });
    await expect(world.sandboxOrdersOf(written.id)).resolves.toEqual([]);
  }, 240_000);

  it('fails with its run, even if Directus writes it after the run has closed, and the same request brings it to life', async () => {
    const { key, checkout, release } = await orderOfDyingWorker();
    const quote = `/items/quotes/${checkout.quote_id}`;
    await world.patch(quote, { expires_at: '2020-01-01T00:00:00.000Z' });
    await world.stack.parts.worker.start();
    await expect(handleOf(key).result()).rejects.toMatchObject({ cause: { type: 'QuoteExpired' } });
    const written = await release();
    await sweepNow();
    const failed = await untilOrder(checkout, ({ status }) => status === 'FAILED');
    await world.patch(quote, { expires_at: '2099-01-01T00:00:00.000Z' });

    const again = await world.post(key, checkout);

    expect(written).toMatchObject({ status: 'PENDING_PAYMENT', failure_code: null, date_updated: null });
    expect(failed).toMatchObject({ failure_code: 'QuoteExpired', failure_reason: expect.stringContaining('died') });
    expect(again.status).toBe(201);
    expect(await body(again)).toMatchObject({ order_id: written.id, status: 'PENDING_PAYMENT' });
    await expect(world.sandboxOrdersOf(written.id)).resolves.toHaveLength(1);
  }, 240_000);

  it('is told at once by the run itself that the quote has expired meanwhile', async () => {
    const { key, checkout, release } = await orderOfDyingWorker();
    const written = await release();
    await world.patch(`/items/quotes/${checkout.quote_id}`, { expires_at: '2020-01-01T00:00:00.000Z' });
    await world.stack.parts.worker.start();

    await expect(handleOf(key).result()).rejects.toMatchObject({ cause: { type: 'QuoteExpired' } });

    await expect(onlyOrderOf(checkout)).resolves.toMatchObject({
      id: written.id,
      status: 'FAILED',
      failure_code: 'QuoteExpired',
    });
    await expect(world.sandboxOrdersOf(written.id)).resolves.toEqual([]);
  }, 240_000);

  it('is asked about again at RideNDine once a later run was lost, whatever the first one said', async () => {
    const { key, checkout, release } = await orderOfDyingWorker();
    await world.patch(`/items/quotes/${checkout.quote_id}`, { expires_at: '2020-01-01T00:00:00.000Z' });
    await world.stack.parts.worker.start();
    await expect(handleOf(key).result()).rejects.toMatchObject({ cause: { type: 'QuoteExpired' } });
    const written = await release();
    // Stands for a later run by a worker of an older version. No worker serves this run, so it asks nobody.
    await world.temporal.workflow.start('nobody serves this', {
      taskQueue: 'nobody-serves-this',
      workflowId: handleOf(key).workflowId,
    });
    await handleOf(key).terminate();
    await pWaitFor(async () => (await runsOf(key)).some(({ status }) => status.name === 'TERMINATED'), {
      interval: 100,
      timeout: 60_000,
    });

    await sweepNow();

    await untilOrder(checkout, ({ ridendine_order_id }) => ridendine_order_id !== null);
    await expect(world.sandboxOrdersOf(written.id)).resolves.toHaveLength(1);
  }, 240_000);
});

describe('a run that an operator resets in the Temporal UI', () => {
  it('does not forget that RideNDine may have the order', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const { quote_id } = checkout;
    await world.addFault({ kind: 'status', status: 503, stored: 'before', times: null, quote_id });
    await world.post(key, checkout, { prefer: 'wait=2' });
    const order = await onlyOrderOf(checkout);
    await pWaitFor(async () => (await world.sandboxAttemptsOf(order.id)).length > 0, { interval: 50, timeout: 60_000 });
    await world.clearFaults();
    await world.addFault({ kind: 'status', status: 422, times: null, quote_id });

    await resetToBefore(key, 'createRideNDineOrder');

    // If the run took this for its first attempt, it would fail the order, although RideNDine has it.
    const reviewed = await untilOrder(checkout, ({ status }) => status !== 'PENDING_PAYMENT');
    expect(reviewed).toMatchObject({ status: 'NEEDS_REVIEW', failure_code: 'RideNDineRejected' });
    await world.clearFaults();
    await resolveWithLink(key, order.id);
  }, 240_000);
});

describe('a closed run that an operator resets in the Temporal UI', () => {
  it('to its beginning brings the order to life, as the same request would', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    await world.addFault({ kind: 'status', status: 422, quote_id: checkout.quote_id });
    const failed = await body(await world.post(key, checkout));
    const order = await onlyOrderOf(checkout);

    await resetToBefore(key, 'createRideNDineOrder');
    const result: unknown = await handleOf(key).result();

    expect(failed).toMatchObject({ code: 'RideNDineRejected' });
    expect(order).toMatchObject({ status: 'FAILED', ridendine_order_id: null });
    const linked = await onlyOrderOf(checkout);
    expect(linked).toMatchObject({ id: order.id, status: 'PENDING_PAYMENT', active_quote_id: checkout.quote_id });
    await expect(world.sandboxOrdersOf(order.id)).resolves.toHaveLength(1);
    expect(result).toMatchObject({ order_id: order.id });
    const again = await world.post(key, checkout);
    expect(again.status).toBe(200);
  }, 240_000);

  it('does not write its old failure over what a later run has linked', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    await world.addFault({ kind: 'status', status: 422, quote_id: checkout.quote_id });
    await world.post(key, checkout);
    const failedRunId = await firstRunIdOf(key);
    await world.post(key, checkout);
    const linked = await onlyOrderOf(checkout);

    await resetAfterPartnerFailed(key, failedRunId);
    await handleOf(key)
      .result()
      .catch(() => {});

    const { date_updated: _before, ...unchanged } = linked;
    await expect(onlyOrderOf(checkout)).resolves.toMatchObject(unchanged);
    expect(await body(await world.post(key, checkout))).toMatchObject({
      ridendine_order_id: linked['ridendine_order_id'],
    });
    await expect(world.sandboxAttemptsOf(linked.id)).resolves.toHaveLength(2);
  }, 240_000);
});

describe('an order that somebody ends by hand while RideNDine makes it', () => {
  it.each(['CANCELLED', 'FAILED'])(
    'as %s goes to support staff, who can let it go on',
    async (status) => {
      const key = randomUUID();
      const checkout = await world.newCheckout();
      await world.addFault({ kind: 'latency', ms: 1500, quote_id: checkout.quote_id });
      await world.post(key, checkout, { prefer: 'wait=1' });
      const { id } = await onlyOrderOf(checkout);
      await world.patch(`/items/orders/${id}`, { status, active_quote_id: null });

      await untilOrder(checkout, (order) => order['status'] === 'NEEDS_REVIEW');
      await decide(key, { decision: 'retry' });
      await handleOf(key).result();

      const [partnerOrder] = await world.sandboxOrdersOf(id);
      await expect(onlyOrderOf(checkout)).resolves.toMatchObject({
        status: 'PENDING_PAYMENT',
        active_quote_id: checkout.quote_id,
        ridendine_order_id: partnerOrder?.ridendine_order_id,
        failure_code: null,
      });
    },
    240_000,
  );
});

describe('the schedule of the sweep', () => {
  it('stays paused when an operator has paused it, though a worker starts', async () => {
    const schedule = world.temporal.schedule.getHandle('order-sweep');
    await schedule.pause('Maintenance of Directus');

    await world.stack.parts.worker.stop();
    await world.stack.parts.worker.start();

    expect((await schedule.describe()).state).toMatchObject({ paused: true, note: 'Maintenance of Directus' });
    await schedule.unpause();
  }, 240_000);
});

/**
 * An order whose worker was killed while Directus had its request to write the order. `release` lets Directus carry out
 * the request. A new worker repeats the run's first workflow task.
 */
async function orderOfDyingWorker() {
  const { postgres, parts } = world.stack;
  if (postgres === undefined) throw new Error('The stack does not run its own PostgreSQL.');
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const hold = await openHold(postgres);
  await hold.query('INSERT INTO orders (id, idempotency_key) VALUES (gen_random_uuid(), $1)', [key]);
  await world.post(key, checkout, { prefer: 'wait=0' });
  await hold.untilWaitedFor(1);
  await parts.worker.stop({ signal: 'SIGKILL' });
  return {
    key,
    checkout,
    release: async (): Promise<OrderRow> => {
      await hold.release();
      await pWaitFor(async () => (await world.ordersOf(checkout.quote_id)).length === 1, {
        interval: 50,
        timeout: 60_000,
      });
      return await onlyOrderOf(checkout);
    },
  };
}

/** An order whose attempts at RideNDine all get the answer 503, though RideNDine has made the order. */
async function orderHeldAtPartner() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  await world.addFault({ kind: 'status', status: 503, stored: 'before', times: null, quote_id: checkout.quote_id });
  await world.post(key, checkout, { prefer: 'wait=1' });
  await untilStage(key, 'CREATING_RIDENDINE_ORDER');
  return { key, checkout, order: await onlyOrderOf(checkout) };
}

async function orderInReview() {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  const { quote_id } = checkout;
  await world.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
  await world.addFault({ kind: 'status', status: 422, quote_id });
  await world.post(key, checkout, { prefer: 'wait=3' });
  return { key, checkout, order: await untilOrder(checkout, ({ status }) => status === 'NEEDS_REVIEW') };
}

async function resolveWithLink(key: string, orderId: string): Promise<void> {
  const [partnerOrder] = await world.sandboxOrdersOf(orderId);
  await decide(key, {
    decision: 'link',
    ridendine_order_id: partnerOrder?.ridendine_order_id,
    payment_session_id: partnerOrder?.payment_session_id,
  });
  await handleOf(key).result();
}

async function decide(key: string, decision: object): Promise<void> {
  await handleOf(key).executeUpdate('resolveReview', {
    args: [{ ...decision, actor: 'agent-7', reason: 'Ticket 1' }],
  });
}

async function sweep(): Promise<void> {
  // A sweep leaves out orders that were made a moment ago.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await world.temporal.schedule.getHandle('order-sweep').trigger();
}

async function sweepNow(): Promise<{ unfinished: number; continued: number }> {
  const result: unknown = await world.temporal.workflow.execute('orderSweep', {
    taskQueue: 'order-creation',
    workflowId: `order-sweep-${randomUUID()}`,
    args: [{ older_than_ms: 0 }],
  });
  return result as { unfinished: number; continued: number };
}

/** Resets the run to the point where the step at RideNDine has finally failed, and the order is about to be marked. */
function resetAfterPartnerFailed(key: string, runId: string): Promise<void> {
  return resetToBefore(key, 'markOrder', runId);
}

/** Resets the run to the workflow task that scheduled the step. That task is repeated. */
async function resetToBefore(key: string, step: string, runId?: string): Promise<void> {
  const { workflowId } = handleOf(key);
  const execution = { workflowId, runId: runId ?? (await firstRunIdOf(key)) };
  const { events } = await world.temporal.workflow.getHandle(workflowId, execution.runId).fetchHistory();
  const finished = events?.filter((event) => event.workflowTaskCompletedEventAttributes) ?? [];
  const scheduled = events?.findIndex(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === step,
  );
  const before = finished.findLast((event) => events && events.indexOf(event) < Number(scheduled));
  await world.temporal.workflowService.resetWorkflowExecution({
    namespace: world.stack.temporal.namespace,
    workflowExecution: execution,
    workflowTaskFinishEventId: before?.eventId ?? null,
    requestId: randomUUID(),
    reason: 'Try again',
  });
}

async function deleteRun(key: string): Promise<void> {
  const { workflowId } = handleOf(key);
  await world.temporal.workflowService.deleteWorkflowExecution({
    namespace: world.stack.temporal.namespace,
    workflowExecution: { workflowId },
  });
  await pWaitFor(async () => (await world.get(key)).status === 404, { interval: 100, timeout: 60_000 });
}

function handleOf(key: string): WorkflowHandle {
  return world.temporal.workflow.getHandle(`order-creation-${key}`);
}

async function firstRunIdOf(key: string): Promise<string> {
  const { raw } = await handleOf(key).describe();
  return raw.workflowExecutionInfo?.firstRunId ?? '';
}

async function runsOf(key: string): Promise<WorkflowExecutionInfo[]> {
  const runs: WorkflowExecutionInfo[] = [];
  const query = `WorkflowId = "order-creation-${key}"`;
  for await (const run of world.temporal.workflow.list({ query })) runs.push(run);
  return runs;
}

async function untilStage(key: string, stage: string): Promise<void> {
  await pWaitFor(async () => (await body(await world.get(key)))['stage'] === stage, { interval: 100, timeout: 60_000 });
}

async function untilOrder(checkout: DemoCheckout, isReached: (order: OrderRow) => boolean): Promise<OrderRow> {
  await pWaitFor(async () => isReached(await onlyOrderOf(checkout)), { interval: 100, timeout: 60_000 });
  return await onlyOrderOf(checkout);
}

async function body(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

async function onlyOrderOf({ quote_id }: DemoCheckout): Promise<OrderRow> {
  const orders = await world.ordersOf(quote_id);
  expect(orders).toHaveLength(1);
  return orders[0] as OrderRow;
}
