import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import pWaitFor from 'p-wait-for';
import pino from 'pino';
import { searchAttributes } from '../../src/contract/runs.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import type { Operators } from '../../src/gateway/operator-routes.ts';
import { act } from '../../src/operators/act.ts';
import { decideAboutMany, watchBulkDecision } from '../../src/operators/bulk-decision.ts';
import { lookAt } from '../../src/operators/order-state.ts';
import { Submission } from '../../src/operators/submission.ts';
import { TemporalAccessError } from '../../src/temporal/temporal-access.ts';
import { noAnswer, rejected } from '../support/started-orders.ts';
import type { StartedOrder } from '../support/started-orders.ts';
import { withAnswer } from '../support/temporal-answers.ts';
import { startOrdersOnTemporal } from '../support/orders-on-temporal.ts';
import type { OrdersOnTemporal } from '../support/orders-on-temporal.ts';

const notSent = new PartnerError('RideNDineRateLimited', 'notSent', 'RideNDine answered 429.', { status: 429 });
const callerKey = randomUUID();
const operatorKey = randomUUID();
const by = { actor: 'agent-7', reason: 'Ticket 1' };
const ids = { ridendine_order_id: 'rnd_0123456789', payment_session_id: 'ps_0123456789' };

let site: OrdersOnTemporal;
let worker: OrdersOnTemporal['worker'];
let client: OrdersOnTemporal['client'];
let access: OrdersOnTemporal['access'];
let orders: OrdersOnTemporal['orders'];
let cleanUps: OrdersOnTemporal['cleanUps'];
let gateway: FastifyInstance;
const lines: string[] = [];

beforeAll(async () => {
  site = await startOrdersOnTemporal();
  ({ worker, client, access, orders, cleanUps } = site);
  gateway = newGateway([operatorKey]);
}, 240_000);
afterAll(async () => {
  await gateway.close();
  await site.stop();
});
afterEach(() => site.cleanUp());

describe('POST /v1/operations/orders/{order_id}/decisions', () => {
  it('carries a decision out and says what came of it, under the name of who decided', async () => {
    const { orderId, link, marks, handle } = await orders.inReview({ ridendine: [noAnswer, rejected, undefined] });

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
    const { orderId, handle } = await orders.inReview();

    expect(await decide(orderId, { decision: 'link', ...by, ...ids })).toMatchObject({
      status: 200,
      body: { message: `Done: the order ${orderId} is linked to the RideNDine order ${ids.ridendine_order_id}.` },
    });
    expect(await handle.result()).toMatchObject(ids);
  });

  it('corrects a wrong link', async () => {
    const { orderId } = await orders.linked();

    expect(await decide(orderId, { decision: 'correct-link', ...by, ...ids })).toMatchObject({
      status: 200,
      body: { message: `Done: the order ${orderId} is linked to the RideNDine order ${ids.ridendine_order_id}.` },
    });
  });

  it('cancels an order that RideNDine surely does not have', async () => {
    const { orderId } = await waitingOrder();

    const cancelled = await decide(orderId, { decision: 'cancel', ...by });
    const again = await decide(orderId, { decision: 'cancel', ...by });

    expect(cancelled).toMatchObject({ status: 200, body: { message: 'Done: The order is cancelled.' } });
    expect(again).toMatchObject({
      status: 409,
      body: {
        code: 'DecisionRefused',
        detail: expect.stringContaining(`The order ${orderId} has ended (CANCELLED): there is nothing to cancel.`),
      },
    });
  });

  it('takes one of two decisions that are sent at the same time', async () => {
    const { orderId, marks } = await orders.inReview();

    const answers = await Promise.all([1, 2].map(() => decide(orderId, { decision: 'abandon', ...by })));

    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(marks.filter(({ support_action }) => support_action?.action === 'abandon')).toHaveLength(1);
  });

  it.each([
    ['a decision that does not fit', { decision: 'retry', ...by }, 'is not in review (LINKED)'],
    ['to cancel an order that has ended', { decision: 'cancel', ...by }, 'has ended (LINKED)'],
  ])('refuses %s, says what fits, and changes nothing', async (_what, decision, reason) => {
    const { orderId } = await orders.linked();

    const { status, body } = await decide(orderId, decision);

    expect({ status, code: body['code'] }).toEqual({ status: 409, code: 'DecisionRefused' });
    expect(body['detail']).toContain(reason);
    expect(body['detail']).toContain('A wrong link can be corrected');
  });

  it('says of an order in review what fits', async () => {
    const { orderId } = await orders.inReview();

    for (const decision of [
      { decision: 'cancel', ...by },
      { decision: 'correct-link', ...by, ...ids },
    ]) {
      expect(await decide(orderId, decision)).toMatchObject({
        status: 409,
        body: {
          detail: expect.stringContaining('It is in review: ask RideNDine again (retry), link it, or give it up'),
        },
      });
    }
  });

  describe('sent again with the same Idempotency-Key', () => {
    it.each([
      ['retry', { decision: 'retry', ...by }, [noAnswer, rejected, noAnswer, rejected]],
      ['abandon', { decision: 'abandon', ...by }, [noAnswer, rejected]],
    ])('carries %s out once, and answers as the first time', async (name, decision, ridendine) => {
      const { orderId, marks } = await orders.inReview({ ridendine });
      const headers = { 'idempotency-key': randomUUID() };

      const first = await decide(orderId, decision, { headers });
      if (name === 'retry') await pWaitFor(() => marks.filter(({ status }) => status === 'NEEDS_REVIEW').length === 2);
      const second = await decide(orderId, decision, { headers });

      expect(first.status).toBe(200);
      expect(second).toEqual(first);
      expect(marks.filter(({ support_action }) => support_action?.action === name)).toHaveLength(1);
    });

    it('corrects a link once', async () => {
      const { orderId, calls } = await orders.linked();
      const corrections = () => calls.filter((step) => step === 'correctLink').length;
      const send = (key: string) =>
        decide(orderId, { decision: 'correct-link', ...by, ...ids }, { headers: { 'idempotency-key': key } });
      const key = randomUUID();

      const [first, second] = [await send(key), await send(key)];

      expect(first.status).toBe(200);
      expect(second).toEqual(first);
      expect(corrections()).toBe(1);
      await send(randomUUID());
      expect(corrections()).toBe(2);
    });

    it('is another decision if anything of it differs', async () => {
      const { orderId } = await orders.inReview();
      const headers = { 'idempotency-key': randomUUID() };

      await decide(orderId, { decision: 'abandon', ...by }, { headers });
      const other = await decide(orderId, { decision: 'abandon', ...by, reason: 'Ticket 2' }, { headers });

      expect(other).toMatchObject({ status: 409, body: { code: 'DecisionRefused' } });
    });

    it('has to be one UUID', async () => {
      expect(
        await decide(randomUUID(), { decision: 'retry', ...by }, { headers: { 'idempotency-key': 'ticket-1' } }),
      ).toMatchObject({ status: 400, body: { code: 'IdempotencyKeyInvalid' } });
    });
  });

  it('corrects the link of an order that Temporal has forgotten, by the key that Directus has of it', async () => {
    const scenario = worker.newScenario();
    const { orderId, request } = scenario;
    const correction = { decision: 'correct-link', ...by, ...ids };

    expect(await decide(orderId, correction)).toMatchObject({ status: 404, body: { code: 'OrderNotFound' } });
    expect(await decide(orderId, { ...correction, idempotency_key: request.idempotency_key })).toMatchObject({
      status: 200,
      body: { message: expect.stringContaining(ids.ridendine_order_id) },
    });
  });

  it('takes no id for one of another kind, and begins nothing for it', async () => {
    const { request } = await orders.inReview();
    const correction = { decision: 'correct-link', ...by, ...ids };

    for (const id of [request.idempotency_key, randomUUID()]) {
      expect(await decide(id, correction)).toMatchObject({ status: 404, body: { code: 'OrderNotFound' } });
    }
    expect(await decide(randomUUID(), { ...correction, idempotency_key: randomUUID() })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('"idempotency_key" is not that of this order.') },
    });
    const { count } = await client.workflow.count(`WorkflowType = 'linkCorrection' AND ExecutionStatus != 'Completed'`);
    expect(count).toBe(0);
  });

  it('refuses an id by which several order creations are known', async () => {
    const orderId = randomUUID();
    for (const each of [1, 2]) {
      const { request } = worker.newScenario();
      const handle = await client.workflow.start('orderCreation', {
        taskQueue: 'nobody-asks',
        workflowId: `order-creation-${request.idempotency_key}`,
        args: [each],
        typedSearchAttributes: [
          { key: searchAttributes.orderId, value: orderId },
          { key: searchAttributes.stage, value: 'NEEDS_REVIEW' },
        ],
      });
      cleanUps.push(() => handle.terminate());
    }
    await pWaitFor(async () => (await client.workflow.count(`CoocoOrderId = '${orderId}'`)).count === 2, {
      timeout: 60_000,
    });

    expect(await decide(orderId, { decision: 'retry', ...by })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('2 order creations are known') },
    });
  });

  it.each([
    ['nobody who decides', { decision: 'retry', reason: 'r' }, '"actor" is missing'],
    ['no reason', { decision: 'cancel', actor: 'a', reason: ' ' }, '"reason" is empty'],
    ['an unknown decision', { decision: 'refund', ...by }, '"decision" has to be one of'],
    ['ids that are the same', { decision: 'link', ...by, ...ids, payment_session_id: 'rnd_0123456789' }, 'the same'],
    ['ids where none belong', { decision: 'abandon', ...by, ...ids }, '"abandon" does not take'],
    [
      'a field that there is not',
      { decision: 'correct-link', ...by, ...ids, canary: 1 },
      '"correct-link" does not take',
    ],
    ['a check that is none', { decision: 'link', ...by, ...ids, ids_checked: null }, '"ids_checked" has to be'],
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
    const { orderId } = await orders.inReview({ override: { markOrder: () => held.promise } });

    expect(await decide(orderId, { decision: 'abandon', ...by })).toMatchObject({
      status: 202,
      body: { state: 'UNDER_WAY', message: expect.stringContaining('is not carried out yet') },
    });
  }, 60_000);

  it('admits no caller of orders, and an operator creates no order', async () => {
    const asCaller = await decide(randomUUID(), { decision: 'retry', ...by }, { key: callerKey });
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
    const { orderId } = await orders.inReview();

    await decide(orderId, { decision: 'abandon', actor: 'Canary Agent', reason: 'Canary ticket' });

    expect(lines.join('')).toContain('/v1/operations/orders/:order_id/decisions');
    expect(lines.join('')).not.toContain('Canary');
  });
});

describe('what is not answered by the run of an order', () => {
  const retry = { decision: 'retry', ...by };
  const withKey = { headers: { 'idempotency-key': randomUUID() } };

  it('is told apart: nothing was sent without a worker, and it may be sent again', async () => {
    const { orderId } = await orders.inReview();
    const withoutWorkers = withAnswer(access.connection, 'describeTaskQueue', async () => ({ pollers: [] }));
    const lonely = newGateway([operatorKey], {
      act: (order, request, submission) => act({ ...access, connection: withoutWorkers }, order, request, submission),
    });
    cleanUps.push(() => lonely.close());

    expect(await decide(orderId, retry, { gateway: lonely })).toMatchObject({
      status: 503,
      body: { code: 'DecisionNotSent', retryable: true },
    });
  });

  it('is told apart: it was sent and nobody has answered, so only one with an id may be sent again', async () => {
    const { orderId, handle } = await orders.inReview();
    await worker.stop();
    cleanUps.push(() => worker.start());

    const without = await decide(orderId, retry);
    const sent = await decide(orderId, retry, withKey);

    expect(without).toMatchObject({ status: 503, body: { code: 'DecisionUnanswered', retryable: false } });
    expect(without.body['detail']).toContain('Look at the order before you decide again.');
    expect(sent).toMatchObject({ status: 503, body: { code: 'DecisionUnanswered', retryable: true } });
    await handle.terminate();
  }, 60_000);

  it.each([
    ['does not answer', 'unreachable', 503, 'TemporalUnavailable', true],
    ['does not answer in time', 'no answer in time', 503, 'TemporalUnavailable', true],
    ['stores what this gateway cannot read', 'not our keys', 500, 'GatewayMisconfigured', false],
    ['refuses the credential', 'credential refused', 500, 'GatewayMisconfigured', false],
    ['has no such namespace', 'no such namespace', 500, 'GatewayMisconfigured', false],
  ] as const)('is a problem of its own where Temporal %s', async (_what, trouble, status, code, retryable) => {
    const fail = () => Promise.reject(new TemporalAccessError(trouble, 'Canary', { isUnimplemented: false }));
    const failing = newGateway([operatorKey], { act: fail, lookAt: fail });
    cleanUps.push(() => failing.close());

    const answers = [await decide(randomUUID(), retry, { gateway: failing }), await state(randomUUID(), failing)];

    for (const { status: given, body } of answers) {
      expect({ given, code: body['code'], retryable: body['retryable'] }).toEqual({ given: status, code, retryable });
      expect(body['detail']).toContain(retryable ? 'Send it again.' : 'Call whoever runs order creation.');
      expect(JSON.stringify(body)).not.toContain('Canary');
    }
  });

  it('may be sent again after a failure of ours only if it has an id', async () => {
    const failing = newGateway([operatorKey], { act: () => Promise.reject(new TypeError('Canary')) });
    cleanUps.push(() => failing.close());

    const without = await decide(randomUUID(), retry, { gateway: failing });
    const sent = await decide(randomUUID(), retry, { gateway: failing, ...withKey });

    expect(without).toMatchObject({ status: 500, body: { code: 'InternalError', retryable: false } });
    expect(sent).toMatchObject({ status: 500, body: { code: 'InternalError', retryable: true } });
  });

  it('is refused where too many wait already', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const busy = newGateway([operatorKey], { act: () => promise });
    cleanUps.push(() => busy.close());
    const waiting = Array.from({ length: MAX_WAITING }, () => decide(randomUUID(), retry, { gateway: busy }));

    const refused = await decide(randomUUID(), retry, { gateway: busy });
    resolve('Done.');

    expect(refused).toMatchObject({ status: 503, body: { code: 'GatewayOverloaded', retryable: true } });
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 200));
  });

  it.each([
    ['nothing was sent', () => {}, 503, 'DecisionNotSent', true],
    ['it was sent', (sent: Submission) => sent.send(), 503, 'DecisionUnanswered', false],
    ['it was taken', (sent: Submission) => [sent.send(), sent.take()], 202, undefined, undefined],
  ])(
    'by a gateway that stops says that %s',
    async (_what, progress, status, code, retryable) => {
      let wasAskedTo = false;
      const stopping = newGateway([operatorKey], {
        act: (_order, _request, sent) =>
          sent.whileWaitedFor(() => {
            progress(sent);
            wasAskedTo = true;
            return new Promise(() => {});
          }),
      });
      await stopping.listen({ port: 0 });
      const { port } = stopping.server.address() as AddressInfo;

      const answer = fetch(`http://127.0.0.1:${port}/v1/operations/orders/${randomUUID()}/decisions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(retry),
      });
      await pWaitFor(() => wasAskedTo);
      await stopping.close();
      const response = await answer;

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject(code === undefined ? { state: 'UNDER_WAY' } : { code, retryable });
    },
    20_000,
  );

  it('is not sent once nobody waits', async () => {
    const stop = new AbortController();
    const submission = new Submission({ stopWaiting: stop.signal });
    const { orderId, marks } = await orders.inReview();
    stop.abort();

    await expect(act(access, { orderId }, { decision: 'abandon', ...by }, submission)).rejects.toMatchObject({
      outcome: 'not sent',
    });
    expect(marks.filter(({ support_action }) => support_action)).toEqual([]);
  });
});

describe('GET /v1/operations/orders/{order_id}', () => {
  it('tells how an order in review stands, and nothing about the customer', async () => {
    const { orderId, request, handle } = await orders.inReview();

    expect(await state(orderId)).toEqual({
      status: 200,
      body: {
        order_id: orderId,
        workflow_id: handle.workflowId,
        run: 'OPEN',
        stage: 'NEEDS_REVIEW',
        failure: { code: 'RideNDineRejected', reason: expect.stringContaining('RideNDine refused the order (422).') },
      },
    });
    expect(JSON.stringify(await state(orderId))).not.toContain(request.customer_id);
  });

  it('tells the ids of a linked order', async () => {
    const { orderId, link } = await orders.linked();

    expect(await state(orderId)).toMatchObject({ status: 200, body: { run: 'ENDED', stage: 'LINKED', ...link } });
  });

  it('tells what Temporal has while no worker runs', async () => {
    const { orderId } = await orders.inReview();
    await worker.stop();
    cleanUps.push(() => worker.start());

    const { status, body } = await state(orderId);

    expect(status).toBe(200);
    expect(body).toMatchObject({ stage: 'NEEDS_REVIEW', failure: { code: 'RideNDineRejected' } });
  }, 60_000);

  it('is not for callers of orders, and finds no other order', async () => {
    expect((await state(randomUUID(), gateway, callerKey)).status).toBe(401);
    for (const id of [randomUUID(), 'order-1']) {
      expect(await state(id)).toMatchObject({ status: 404, body: { code: 'OrderNotFound' } });
    }
  });
});

describe('POST /v1/operations/decisions', () => {
  it('decides about those orders that are in review, says which are not, and is known by its id', async () => {
    const meant = await Promise.all([1, 2].map(() => orders.inReview({ ridendine: [noAnswer, rejected, undefined] })));
    const linked = await orders.linked();
    const unknown = randomUUID();
    const order_ids = [...meant.map(({ orderId }) => orderId), linked.orderId, unknown];
    const headers = { 'idempotency-key': randomUUID() };

    const first = await decideMany({ decision: 'retry', ...by, order_ids }, headers);
    const again = await decideMany({ decision: 'retry', ...by, order_ids }, headers);
    const { id } = first.body;
    const looked = await ask('GET', `/v1/operations/decisions/${String(id)}`);
    const another = await decideMany({ decision: 'abandon', ...by, order_ids }, headers);

    expect(another).toMatchObject({ status: 409, body: { code: 'DecisionRefused' } });
    const done = { id, state: 'DONE', decided: 2, refused: [], left: 0 };
    expect(first).toEqual({
      status: 200,
      body: {
        ...done,
        not_in_review: [linked.orderId, unknown],
        message: `Done: 2 of 2 orders. Not in review, and left as they are: ${linked.orderId}, ${unknown}.`,
      },
    });
    expect([again, looked].map(({ status, body }) => ({ status, body }))).toEqual(
      [again, looked].map(() => ({ status: 200, body: { ...done, message: 'Done: 2 of 2 orders.' } })),
    );
    for (const { handle, link, marks } of meant) {
      await expect(handle.result()).resolves.toMatchObject(link);
      const retries = marks.flatMap(({ support_action: action }) => (action?.action === 'retry' ? [action] : []));
      expect(retries).toEqual([expect.objectContaining(by)]);
    }
  }, 60_000);

  it('answers before the end where that takes long', async () => {
    const meant = await orders.inReview({ override: { markOrder: slowly } });
    const nobodyWaits = new AbortController();
    setTimeout(() => nobodyWaits.abort(), 1000);
    const bulk = { id: randomUUID(), decision: { decision: 'abandon', ...by } as const, orderIds: [meant.orderId] };

    const { view } = await decideAboutMany(access, {
      ...bulk,
      perSecond: 1,
      waitMs: 60_000,
      stopWaiting: nobodyWaits.signal,
    });

    expect(view).toEqual({ progress: 'under way', decided: 0, refused: [], left: 1 });
  }, 60_000);

  it('refuses where none of the orders is in review', async () => {
    const { orderId } = await orders.linked();

    expect(await decideMany({ decision: 'retry', ...by, order_ids: [orderId] })).toMatchObject({
      status: 409,
      body: { code: 'DecisionRefused', detail: 'None of these orders is in review. Nothing was decided.' },
    });
  });

  it.each<[string, object, string]>([
    ['a decision for one order', { decision: 'link', ...by, ...ids }, '"link" is for one order at a time.'],
    ['nobody who decides', { decision: 'retry', reason: 'Ticket 1' }, '"actor" is missing: it tells who decides.'],
    ['no orders', { decision: 'retry', ...by, order_ids: [] }, '"order_ids" has to be a list of ids of orders'],
    ['what is no id', { decision: 'retry', ...by, order_ids: ['o-1'] }, '"order_ids" has to be a list of ids'],
    ['a field too much', { decision: 'retry', ...by, note: 'x' }, 'A field with an unknown name is given'],
  ])('refuses %s', async (_what, body, expected) => {
    expect(await decideMany({ order_ids: [randomUUID()], ...body })).toMatchObject({
      status: 422,
      body: { code: 'DecisionInvalid', detail: expect.stringContaining(expected) },
    });
  });

  it('is not for callers of orders, and finds no other decision', async () => {
    const path = `/v1/operations/decisions/${randomUUID()}`;

    expect((await ask('GET', path, { key: callerKey })).status).toBe(401);
    expect(await ask('GET', path)).toMatchObject({ status: 404, body: { code: 'OrderNotFound' } });
    expect(await ask('GET', '/v1/operations/decisions/none')).toMatchObject({ status: 404 });
  });
});

async function slowly() {
  await delay(5000);
  return { kind: 'left' } as const;
}

function decideMany(body: object, headers: Record<string, string> = {}) {
  return ask('POST', '/v1/operations/decisions', { body, headers });
}

async function ask(
  method: 'GET' | 'POST',
  url: string,
  { key = operatorKey, body, headers = {} }: { key?: string; body?: object; headers?: Record<string, string> } = {},
) {
  const response = await gateway.inject({
    method,
    url,
    headers: { authorization: `Bearer ${key}`, ...headers },
    ...(body && { payload: body }),
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

const MAX_WAITING = 10;

function newGateway(operatorKeys: string[], operators: Partial<Operators> = {}): FastifyInstance {
  return createGateway({
    orders: { createOrder: none, getOrder: none },
    workers: { count: async () => 1, arePaused: async () => false, close: async () => {} },
    apiKeys: [{ caller: 'checkout-web', key: callerKey }],
    operators: {
      apiKeys: operatorKeys.map((key) => ({ caller: 'directus', key })),
      act: (order, request, submission) => act(access, order, request, submission),
      lookAt: (order) => lookAt(access, order),
      decideAboutMany: (bulk) => decideAboutMany(access, { ...bulk, perSecond: 5 }),
      lookAtMany: (id) => watchBulkDecision(access, id, { deadline: 0 }),
      ...operators,
    },
    waitMs: 5000,
    maxWaiting: MAX_WAITING,
    requestsPerSecond: 2000,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
  });
}

function none(): Promise<never> {
  return Promise.reject(new Error('Nobody asks.'));
}

interface Sender {
  key?: string;
  headers?: Record<string, string>;
  gateway?: FastifyInstance;
}

async function decide(orderId: string, decision: object, sender: Sender = {}) {
  const response = await (sender.gateway ?? gateway).inject({
    method: 'POST',
    url: `/v1/operations/orders/${orderId}/decisions`,
    headers: { authorization: `Bearer ${sender.key ?? operatorKey}`, ...sender.headers },
    payload: decision,
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

async function state(orderId: string, of = gateway, key = operatorKey) {
  const response = await of.inject({
    url: `/v1/operations/orders/${orderId}`,
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

/** Starts an order that RideNDine does not take, and waits until RideNDine was called. */
async function waitingOrder(): Promise<StartedOrder> {
  const order = await orders.start({
    ridendine: [notSent],
    override: {
      async requestCancellation() {
        await client.workflow.getHandle(order.handle.workflowId).cancel();
      },
    },
  });
  await orders.untilListed(order, 'CREATING_RIDENDINE_ORDER');
  await pWaitFor(() => order.sent.length > 0, { timeout: 60_000 });
  return order;
}
