import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import pWaitFor from 'p-wait-for';
import { createActivities } from '../../src/activities/create-activities.ts';
import { bulkDecisionWorkflowId } from '../../src/contract/bulk-decision.ts';
import type { BulkDecision, BulkDecisionState } from '../../src/contract/bulk-decision.ts';
import { ORDER_CREATION_TASK_QUEUE, orderCreationWorkflowId } from '../../src/contract/runs.ts';
import type { OrderCreationState } from '../../src/contract/runs.ts';
import {
  collections,
  customerFields,
  orderFields,
  quoteFields,
  storeFields,
} from '../../src/integrations/directus/collections.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { createOrderRuns } from '../../src/worker/order-runs.ts';
import { createDirectusModel } from '../search/directus-model.ts';
import type { DirectusModel } from '../search/directus-model.ts';
import { createRideNDineModel } from '../search/ridendine-model.ts';
import { newCart, newTotals } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { installQuietRuntime } from '../support/quiet-runtime.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

const ORDERS = 1000;
const MINUTE_MS = 60_000;
/** The worker is told that RideNDine forgets a key within minutes. So an outage of minutes acts like one of a day. */
const KEY_MS = 2 * MINUTE_MS;
const MARGIN_MS = MINUTE_MS;
const by = { actor: 'agent-7', reason: 'RideNDine was down' };

let temporal: EmbeddedTemporal;
let client: Client;
beforeAll(async () => {
  installQuietRuntime();
  temporal = await startEmbeddedTemporal('memory');
  client = new Client({ connection: await Connection.connect({ address: temporal.settings.address }) });
}, 240_000);
afterAll(async () => {
  await client?.connection.close();
  await temporal?.stop();
});

it(`${ORDERS} orders that came into review by an outage are linked by one decision, each once`, async () => {
  const nativeConnection = await NativeConnection.connect({ address: temporal.settings.address });
  const taskQueue = ORDER_CREATION_TASK_QUEUE;
  const directus = createDirectusModel({ outcomeOf: () => 'ok', die: neverDies });
  const ridendine = createRideNDineModel({ outcomeOf: () => 'ok', die: neverDies, remembersMs: Infinity });
  let isDown = true;
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowBundle: await bundleWorkflows(),
    activities: createActivities({
      orders: createOrdersStore(
        connectDirectus({ url: 'http://directus.invalid', token: 't', timeoutMs: 5000, fetch: directus.fetch }),
      ),
      runs: createOrderRuns(client),
      pause: () => null,
      partner: createRideNDineClient({
        baseUrl: 'http://ridendine.invalid',
        apiKey: 'key',
        timeoutMs: 8000,
        fetch: async (...call) => (isDown ? downForLong() : await ridendine.fetch(...call)),
      }),
      deadlines: {
        ridendineTimeoutMs: 8000,
        ridendineIdempotencyTtlMs: KEY_MS,
        ridendineIdempotencyMarginMs: MARGIN_MS,
        quoteGraceMs: 5 * MINUTE_MS,
        reviewWindowMs: 7 * 24 * 60 * MINUTE_MS,
      },
      links: { directusPublicUrl: 'http://directus.invalid', runbookUrl: undefined },
    }),
  });
  await worker.runUntil(async () => {
    const checkouts = addQuotes(directus);
    const handles = await Promise.all(
      checkouts.map((checkout) =>
        client.workflow.start('orderCreation', {
          workflowId: orderCreationWorkflowId(checkout.idempotency_key),
          taskQueue,
          args: [checkout],
        }),
      ),
    );
    await pWaitFor(() => statuses(directus).filter((status) => status === 'NEEDS_REVIEW').length === ORDERS, {
      interval: 500,
      timeout: KEY_MS + 2 * MINUTE_MS,
    });
    expect(new Set(await Promise.all(handles.map(stageOf)))).toEqual(new Set(['NEEDS_REVIEW']));
    expect(ridendine.orders).toEqual([]);
    isDown = false;

    const outcome = await client.workflow.execute<(bulk: BulkDecision) => Promise<BulkDecisionState>>('bulkDecision', {
      workflowId: bulkDecisionWorkflowId(randomUUID()),
      taskQueue,
      args: [{ decision: { decision: 'retry', ...by }, runs: await Promise.all(handles.map(asRun)), per_second: 50 }],
    });

    expect(outcome).toEqual({ decided: ORDERS, refused: [], left: 0 });
    await Promise.all(handles.map((handle) => handle.result()));
  });
  await nativeConnection.close();
  const rows = directus.orders();
  expect(rows).toHaveLength(ORDERS);
  expect(ridendine.orders).toHaveLength(ORDERS);
  const made = new Map(ridendine.orders.map((order) => [order.key, order]));
  for (const row of rows) {
    const { ridendine_order_id, payment_session_id } = made.get(`cooco_order_${String(row['id'])}`) ?? {};
    expect(row).toMatchObject({
      [orderFields.status]: 'PENDING_PAYMENT',
      [orderFields.ridendineOrderId]: ridendine_order_id,
      [orderFields.paymentSessionId]: payment_session_id,
      [orderFields.supportActions]: [expect.objectContaining({ ...by, action: 'retry' })],
    });
    expect(ridendine_order_id).toBeDefined();
  }
}, 600_000);

function neverDies(): Promise<never> {
  return Promise.reject(new Error('Nobody dies here.'));
}

/** RideNDine asks for a pause in Retry-After, as an overloaded server does. */
function downForLong(): Response {
  return new Response('{}', { status: 503, headers: { 'content-type': 'application/json', 'retry-after': '20' } });
}

function addQuotes(directus: DirectusModel) {
  const [customer, store] = [randomUUID(), randomUUID()];
  directus.add(collections.customers, {
    id: customer,
    [customerFields.name]: 'Customer One',
    [customerFields.phone]: '+1 555 0100',
    [customerFields.email]: 'one@example.com',
  });
  directus.add(collections.stores, { id: store, [storeFields.ridendineMerchantId]: 'merchant-1' });
  return Array.from({ length: ORDERS }, () => {
    const id = `quote-${randomUUID()}`;
    directus.add(collections.quotes, {
      id,
      [quoteFields.customer]: customer,
      [quoteFields.store]: store,
      [quoteFields.fulfillmentMethod]: 'PICKUP',
      [quoteFields.totals]: newTotals(),
      [quoteFields.itemsSnapshot]: newCart(),
      [quoteFields.expiresAt]: new Date(Date.now() + 24 * 60 * MINUTE_MS).toISOString(),
    });
    return { customer_id: customer, quote_id: id, fulfillment_method: 'PICKUP', idempotency_key: randomUUID() };
  });
}

function statuses(directus: DirectusModel): unknown[] {
  return directus.orders().map((row) => row[orderFields.status]);
}

async function stageOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.query<OrderCreationState>('orderCreationState')).stage;
}

async function asRun(handle: WorkflowHandle) {
  const { runId } = await handle.describe();
  return { workflow_id: handle.workflowId, run_id: runId, order: handle.workflowId };
}
