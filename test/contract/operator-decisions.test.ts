import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import pWaitFor from 'p-wait-for';
import pino from 'pino';
import { orderCreationStart } from '../../src/contract/runs.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import { act } from '../../src/operators/act.ts';
import { openTemporalAccess } from '../../src/temporal/temporal-access.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import type { Scenario, ScenarioOptions } from '../support/scripted-activities.ts';
import { testDataConverter } from '../support/test-encryption.ts';

const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', { status: 503 });
const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
});
const notSent = new PartnerError('RideNDineRateLimited', 'notSent', 'RideNDine answered 429.', { status: 429 });
const callerKey = randomUUID();
const operatorKey = randomUUID();
const by = { actor: 'agent-7', reason: 'Ticket 1' };
const ids = { ridendine_order_id: 'rnd_0123456789', payment_session_id: 'ps_0123456789' };

let temporal: EmbeddedTemporal;
let worker: OrderWorker;
let connection: Connection;
let client: Client;
let access: ReturnType<typeof openTemporalAccess>;
let gateway: FastifyInstance;
const lines: string[] = [];
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  worker = await createOrderWorker(temporal.settings);
  await worker.start();
  connection = await Connection.connect({ address: temporal.settings.address });
  client = new Client({ connection, dataConverter: testDataConverter });
  access = openTemporalAccess(temporal.settings, testDataConverter);
  gateway = newGateway([operatorKey]);
}, 240_000);
afterAll(async () => {
  await gateway.close();
  await access.close();
  await worker.stop();
  await connection.close();
  await temporal.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('POST /v1/operations/orders/{order_id}/decisions', () => {
  it('carries a decision out and says what came of it, under the name of who decided', async () => {
    const { orderId, link, marks, handle } = await orderInReview({ ridendine: [noAnswer, rejected, undefined] });

    const { status, body } = await decide(orderId, { decision: 'retry', ...by });

    expect({ status, body }).toEqual({
      status: 200,
      body: {
        order_id: orderId,
        decision: 'retry',
        state: 'DONE',
        message: `Done: the order ${orderId} goes on, and RideNDine is asked once more.`,
      },
    });
    expect(await handle.result()).toMatchObject(link);
    expect(marks.at(-1)?.support_action).toMatchObject({ ...by, action: 'retry' });
  });

  it('links an order to the ids that RideNDine has', async () => {
    const { orderId, handle } = await orderInReview();

    expect(await decide(orderId, { decision: 'link', ...by, ...ids })).toMatchObject({
      status: 200,
      body: { message: `Done: the order ${orderId} is linked to the RideNDine order ${ids.ridendine_order_id}.` },
    });
    expect(await handle.result()).toMatchObject(ids);
  });

  it('corrects a wrong link', async () => {
    const { orderId, handle } = await startOrder();
    await handle.result();
    await untilListed(orderId, 'LINKED');

    expect(await decide(orderId, { decision: 'correct-link', ...by, ...ids })).toMatchObject({
      status: 200,
      body: { message: `Done: the order ${orderId} is linked to the RideNDine order ${ids.ridendine_order_id}.` },
    });
  });

  it('stops an order that RideNDine surely does not have', async () => {
    const { orderId } = await waitingOrder();

    const stopped = await decide(orderId, { decision: 'stop', ...by });
    const again = await decide(orderId, { decision: 'stop', ...by });

    expect(stopped).toMatchObject({ status: 200, body: { message: 'Done: The order is cancelled.' } });
    expect(again).toMatchObject({
      status: 409,
      body: {
        code: 'DecisionRefused',
        detail: `The order ${orderId} has ended (CANCELLED): there is nothing to stop.`,
      },
    });
  });

  it('takes one of two decisions that are sent at the same time', async () => {
    const { orderId, marks } = await orderInReview();

    const answers = await Promise.all([1, 2].map(() => decide(orderId, { decision: 'abandon', ...by })));

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(marks.filter(({ support_action }) => support_action?.action === 'abandon')).toHaveLength(1);
  });

  it.each([
    ['a decision that does not fit', { decision: 'retry', ...by }, 'is not in review (LINKED)'],
    ['to stop an order that has ended', { decision: 'stop', ...by }, 'has ended (LINKED)'],
  ])('refuses %s, and changes nothing', async (_what, decision, reason) => {
    const { orderId, handle } = await startOrder();
    await handle.result();
    await untilListed(orderId, 'LINKED');

    const { status, body } = await decide(orderId, decision);

    expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'DecisionRefused' });
    expect(body['detail']).toContain(reason);
  });

  it.each([
    ['nobody who decides', { decision: 'retry', reason: 'r' }, '"actor" is missing'],
    ['no reason', { decision: 'stop', actor: 'a', reason: ' ' }, '"reason" is empty'],
    ['an unknown decision', { decision: 'refund', ...by }, '"decision" has to be one of'],
    ['ids that are the same', { decision: 'link', ...by, ...ids, payment_session_id: 'rnd_0123456789' }, 'the same'],
    ['ids where none belong', { decision: 'abandon', ...by, ...ids }, 'takes no ids'],
    ['a field that there is not', { decision: 'correct-link', ...by, ...ids, canary: 1 }, 'unknown name'],
  ])('names what is wrong with %s, and repeats nothing', async (_what, decision, fault) => {
    const { status, body } = await decide(randomUUID(), decision);

    expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'DecisionInvalid' });
    expect(body['detail']).toContain(fault);
    expect(JSON.stringify(body)).not.toMatch(/canary|refund|0123456789/);
  });

  it.each([
    ['nobody knows', randomUUID()],
    ['is no id', 'order-1'],
  ])('does not find an order that %s', async (_what, orderId) => {
    expect(await decide(orderId, { decision: 'retry', ...by })).toMatchObject({
      status: 404,
      body: { code: 'OrderNotFound' },
    });
  });

  it('says that a decision is under way where Directus takes long', async () => {
    const held = Promise.withResolvers<never>();
    held.promise.catch(() => {});
    cleanUps.push(() => held.reject(new Error('Nobody waits.')));
    const { orderId } = await orderInReview({ override: { markOrder: () => held.promise } });

    expect(await decide(orderId, { decision: 'abandon', ...by })).toMatchObject({
      status: 202,
      body: { state: 'UNDER_WAY', message: expect.stringContaining('is not carried out yet') },
    });
  }, 60_000);

  it('admits no caller of orders, and an operator creates no order', async () => {
    const asCaller = await decide(randomUUID(), { decision: 'retry', ...by }, callerKey);
    const asOperator = await gateway.inject({
      method: 'POST',
      url: '/v1/orders',
      headers: { authorization: `Bearer ${operatorKey}`, 'idempotency-key': randomUUID() },
      payload: {},
    });

    expect(asCaller).toMatchObject({ status: 401, body: { code: 'Unauthorized' } });
    expect(asOperator.statusCode).toBe(401);
  });

  it('admits nobody where no key is set', async () => {
    const without = newGateway([]);

    const { statusCode } = await without.inject({
      method: 'POST',
      url: `/v1/operations/orders/${randomUUID()}/decisions`,
      headers: { authorization: 'Bearer ' },
      payload: { decision: 'retry', ...by },
    });
    await without.close();

    expect(statusCode).toBe(401);
  });

  it('writes neither who decided nor why into the log', async () => {
    const { orderId } = await orderInReview();

    await decide(orderId, { decision: 'abandon', actor: 'Canary Agent', reason: 'Canary ticket' });

    expect(lines.join('')).toContain('/v1/operations/orders/:order_id/decisions');
    expect(lines.join('')).not.toContain('Canary');
  });
});

type Order = Scenario & { handle: WorkflowHandle };

function newGateway(operatorKeys: string[]): FastifyInstance {
  return createGateway({
    orders: { createOrder: none, getOrder: none },
    workers: { count: async () => 1, close: async () => {} },
    apiKeys: [callerKey],
    operators: { apiKeys: operatorKeys, act: (id, request, patience) => act(access, id, request, patience) },
    waitMs: 5000,
    maxWaiting: 10,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
  });
}

function none(): Promise<never> {
  return Promise.reject(new Error('Nobody asks.'));
}

async function decide(orderId: string, decision: object, key = operatorKey) {
  const response = await gateway.inject({
    method: 'POST',
    url: `/v1/operations/orders/${orderId}/decisions`,
    headers: { authorization: `Bearer ${key}` },
    payload: decision,
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

async function startOrder(options: Partial<ScenarioOptions> = {}): Promise<Order> {
  const scenario = worker.newScenario(options);
  const { request } = scenario;
  const handle = await client.workflow.start(
    'orderCreation',
    orderCreationStart(request, { fingerprint: 'f', quoteId: request.quote_id, customerId: request.customer_id }),
  );
  cleanUps.push(() => handle.terminate().catch(() => {}));
  return { ...scenario, handle };
}

async function orderInReview(options: Partial<ScenarioOptions> = {}): Promise<Order> {
  const order = await startOrder({ ridendine: [noAnswer, rejected], ...options });
  await untilListed(order.orderId, 'NEEDS_REVIEW');
  return order;
}

/** RideNDine does not take it now. */
async function waitingOrder(): Promise<Order> {
  const order = await startOrder({
    ridendine: [notSent],
    override: {
      async requestCancellation() {
        await client.workflow.getHandle(order.handle.workflowId).cancel();
      },
    },
  });
  await untilListed(order.orderId, 'CREATING_RIDENDINE_ORDER');
  await pWaitFor(() => order.sent.length > 0, { timeout: 60_000 });
  return order;
}

async function untilListed(orderId: string, stage: string): Promise<void> {
  const query = `CoocoOrderId = '${orderId}' AND OrderCreationStage = '${stage}'`;
  await pWaitFor(async () => (await client.workflow.count(query)).count > 0, { timeout: 60_000 });
}
