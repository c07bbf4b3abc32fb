import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import { personalData, personalDataIn } from '../support/personal-data.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { startTraceReceiver } from '../support/trace-receiver.ts';
import type { ReceivedSpan, TraceReceiver } from '../support/trace-receiver.ts';

/** The id of the caller's span, which is the parent of our gateway's span. */
const CALLERS_SPAN = '00f067aa0ba902b7';
const WAIT = { interval: 50, timeout: 60_000 };

let receiver: TraceReceiver;
let world: RunningStack;
beforeAll(async () => {
  receiver = await startTraceReceiver();
  world = await startRunningStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
    GATEWAY_WAIT_MS: '60000',
  });
  const { customer_id } = await world.newCheckout();
  const { name, phone, email } = personalData;
  await world.patch(`/items/customers/${customer_id}`, { name, phone, email });
}, 360_000);
afterAll(async () => {
  await world.stop();
});

describe('the trace of an order', () => {
  it('leads from the request to the partner, each span below the one that caused it', async () => {
    const { traceId, response } = await order();

    expect(response.status).toBe(201);
    const spans = await traceWithRun(traceId);
    expect(tree(spans)).toEqual([
      'SERVER POST /v1/orders',
      '  PRODUCER StartWorkflow:orderCreation',
      '    CONSUMER RunWorkflow:orderCreation',
      '      CONSUMER RunActivity:validateCheckout',
      '        CLIENT GET /items/orders',
      '        CLIENT GET /items/quotes',
      '      CONSUMER RunActivity:createOrderRecord',
      '        CLIENT POST /items/orders',
      '      CONSUMER RunActivity:createRideNDineOrder',
      '        CLIENT POST /orders/create',
      '      CONSUMER RunActivity:saveLinkIds',
      '        CLIENT PATCH /items/orders',
    ]);
    expect(
      new Set(spans.filter(({ kind }) => kind === 'SERVER' || kind === 'PRODUCER').map((span) => span.service)),
    ).toEqual(new Set(['order-creation-gateway']));
    expect(spanNamed(spans, 'RunWorkflow:orderCreation').service).toBe('order-creation-worker');
  });

  it('tells which order, run and attempt a span is of, and how it ended', async () => {
    const { traceId, key, response } = await order();
    const { order_id } = (await response.json()) as { order_id: string };

    const spans = await traceWithRun(traceId);
    const temporalWorkflowId = `order-creation-${key}`;
    const { runId: run_id } = await world.temporal.workflow.getHandle(temporalWorkflowId).describe();
    const ofRun = { temporalWorkflowId, run_id };
    expect(spanNamed(spans, 'POST /v1/orders').attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/orders',
      'http.response.status_code': '201',
    });
    expect(spanNamed(spans, 'StartWorkflow:orderCreation').attributes).toEqual(ofRun);
    expect(spanNamed(spans, 'RunWorkflow:orderCreation').attributes).toEqual(ofRun);
    for (const activity of ['validateCheckout', 'createOrderRecord', 'createRideNDineOrder', 'saveLinkIds']) {
      expect(spanNamed(spans, `RunActivity:${activity}`).attributes).toEqual({
        ...ofRun,
        temporalActivityId: expect.any(String),
        'cooco.attempt': '1',
        'cooco.order_id': order_id,
      });
    }
    expect(spanNamed(spans, 'POST /orders/create').attributes).toEqual({
      'http.request.method': 'POST',
      'server.address': '127.0.0.1',
      'server.port': new URL(world.stack.urls.ridendine).port,
      'url.template': '/orders/create',
      'http.response.status_code': '201',
    });
    expect(spans.filter(({ status }) => status.code === 'ERROR')).toEqual([]);
    const run = spanNamed(spans, 'RunWorkflow:orderCreation');
    const partner = spanNamed(spans, 'POST /orders/create');
    expect(run.startNs).toBeLessThan(partner.startNs);
    expect(partner.endNs).toBeLessThan(run.endNs);
  });

  it('is told to RideNDine, whose part then belongs below our call', async () => {
    const { traceId, response } = await order();
    const { ridendine_order_id } = (await response.json()) as { ridendine_order_id: string };

    const call = spanNamed(await traceWithRun(traceId), 'POST /orders/create');
    const lines = (await logOf('ridendine')).filter((line) => line.includes(ridendine_order_id));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { traceparent: `00-${traceId}-${call.spanId}-01` },
    ]);
  });

  it('shows every attempt of a step, those that failed with the code of the failure', async () => {
    const { traceId, response } = await order({
      faults: [{ kind: 'status', status: 429, retry_after: 0, detail: personalData.partnerText }, { kind: 'reset' }],
    });

    expect(response.status).toBe(201);
    const spans = await traceWithRun(traceId);
    const attempts = spans.filter(({ name }) => name === 'RunActivity:createRideNDineOrder');
    expect(
      attempts
        .toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1))
        .map(({ attributes, status, events }) => [attributes['cooco.attempt'], status.code, status.message, events]),
    ).toEqual([
      ['1', 'ERROR', 'RideNDineRateLimited', []],
      ['2', 'ERROR', 'RideNDineUnavailable', []],
      ['3', 'UNSET', '', []],
    ]);
    const calls = spans.filter(({ name }) => name === 'POST /orders/create');
    expect(calls.map(({ status }) => status.message).toSorted()).toEqual([
      '',
      '429',
      // Which error fetch reports for a connection that is cut off depends on the moment.
      expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/),
    ]);
    expect(new Set(calls.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set(attempts.map(({ spanId }) => spanId)),
    );
  });

  it('ends with the code of what an order failed with', async () => {
    const { traceId, response } = await order({
      faults: [{ kind: 'status', status: 422, detail: personalData.partnerText }],
    });

    expect(response.status).toBe(422);
    const spans = await traceWithRun(traceId);
    expect(spanNamed(spans, 'RunWorkflow:orderCreation').status).toEqual({
      code: 'ERROR',
      message: 'RideNDineRejected',
    });
    expect(spanNamed(spans, 'POST /v1/orders').attributes).toMatchObject({
      'http.response.status_code': '422',
      'error.type': 'RideNDineRejected',
    });
  });

  it('begins with the request where the caller is in none', async () => {
    const { response, key } = await order({ headers: {} });

    expect(response.status).toBe(201);
    const temporalWorkflowId = `order-creation-${key}`;
    const ofOrder = () =>
      receiver.spans().find(({ attributes }) => attributes['temporalWorkflowId'] === temporalWorkflowId);
    await pWaitFor(() => ofOrder() !== undefined, WAIT);
    const traceId = ofOrder()?.traceId ?? '';
    expect(spanNamed(await traceWithRun(traceId), 'POST /v1/orders').parentSpanId).toBe('');
    const { memo } = await world.temporal.workflow.getHandle(temporalWorkflowId).describe();
    expect(memo).toMatchObject({ traceparent: expect.stringContaining(traceId) });
  });

  it('is kept no more than its caller keeps it', async () => {
    const { traceId, response } = await order({ sampled: false });
    const later = await order();

    expect(response.status).toBe(201);
    await traceWithRun(later.traceId);
    expect(receiver.spans().filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it('is named in the logs of the gateway, and of the worker where a step fails', async () => {
    const { traceId } = await order({ faults: [{ kind: 'status', status: 503 }] });
    await traceWithRun(traceId);

    for (const program of ['gateway', 'worker'] as const) {
      const lines = (await logOf(program)).filter((line) => line.includes(traceId));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ trace_id: traceId });
    }
  });

  it('is followed through a review that support staff decide', async () => {
    const { traceId, key } = await order({
      faults: [
        { kind: 'status', status: 503, detail: personalData.partnerText },
        { kind: 'status', status: 422, detail: personalData.partnerText },
      ],
      headers: { prefer: 'wait=0' },
    });
    const handle = world.temporal.workflow.getHandle(`order-creation-${key}`);
    await pWaitFor(
      async () => (await handle.query<{ stage: string }>('orderCreationState')).stage === 'NEEDS_REVIEW',
      WAIT,
    );

    await handle.executeUpdate('resolveReview', {
      args: [{ decision: 'retry', actor: 'agent-7', reason: personalData.supportReason }],
    });

    const spans = await traceWithRun(traceId);
    expect(tree(spans)).toContain('      CONSUMER RunActivity:markOrder');
    expect(spanNamed(spans, 'RunWorkflow:orderCreation').status.code).toBe('UNSET');
  });
});

describe('what is exported', () => {
  it('never holds personal data, a credential or a word of the partner', async () => {
    await order({ body: { shipping_snapshot: { address: personalData.address, lat: 91, lng: 1 } } });
    await order({ faults: [{ kind: 'malformed_body' }], headers: { prefer: 'wait=0' } });
    await pWaitFor(() => receiver.spans().some(({ status }) => status.message === 'RideNDineContractBroken'), WAIT);
    const { secrets } = world.stack;
    const credentials = [
      secrets.gatewayKey,
      secrets.ridendineApiKey,
      secrets.directusServiceToken,
      secrets.encryptionKeys,
    ];

    expect(receiver.spans().length).toBeGreaterThan(50);
    for (const { body } of receiver.requests) {
      expect(personalDataIn(body)).toEqual([]);
      expect(credentials.filter((credential) => body.includes(credential))).toEqual([]);
    }
    expect(receiver.spans().flatMap(({ events }) => events)).toEqual([]);
  });
});

describe('a collector that is gone', () => {
  it('keeps no order back, and is told of once in each log', async () => {
    await receiver.close();

    const orders = [await order(), await order(), await order(), await order(), await order()];

    expect(orders.map(({ response }) => response.status)).toEqual(orders.map(() => 201));
    for (const program of ['gateway', 'worker'] as const) {
      const complaints = async () =>
        (await logOf(program)).filter((line) => line.includes('Traces cannot be delivered'));
      await pWaitFor(async () => (await complaints()).length > 0, WAIT);
      await order();
      expect((await complaints()).map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { msg: 'Traces cannot be delivered (ECONNREFUSED): their spans get lost. Orders go on.' },
      ]);
    }
  });
});

interface OrderOptions {
  faults?: Record<string, unknown>[];
  headers?: Record<string, string>;
  body?: Partial<DemoCheckout>;
  sampled?: boolean;
}

/** Sends a checkout full of personal data, as a caller inside a trace does. */
async function order({ faults = [], headers, body = {}, sampled = true }: OrderOptions = {}) {
  const checkout = await world.newCheckout();
  for (const fault of faults) await world.addFault({ ...fault, quote_id: checkout.quote_id });
  const key = randomUUID();
  const traceId = randomUUID().replaceAll('-', '');
  const { address, note } = personalData;
  const response = await world.post(
    key,
    { ...checkout, shipping_snapshot: { address, lat: 1, lng: 2 }, customer_note: note, ...body },
    {
      ...(headers === undefined || 'prefer' in headers
        ? { traceparent: `00-${traceId}-${CALLERS_SPAN}-0${sampled ? 1 : 0}` }
        : {}),
      ...headers,
    },
  );
  return { key, traceId, response };
}

/** Waits until the trace has the run's span, which comes last. @returns all spans of the trace. */
async function traceWithRun(traceId: string): Promise<ReceivedSpan[]> {
  const spans = () => receiver.spans().filter((span) => span.traceId === traceId);
  await pWaitFor(
    () => ['POST /v1/orders', 'RunWorkflow:orderCreation'].every((name) => spans().some((span) => span.name === name)),
    WAIT,
  );
  return spans();
}

/** One line for each span, indented below its parent, in the order in which the spans began. */
function tree(spans: ReceivedSpan[], parent = CALLERS_SPAN, indent = ''): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1))
    .flatMap((span) => [`${indent}${span.kind} ${span.name}`, ...tree(spans, span.spanId, `${indent}  `)]);
}

function spanNamed(spans: ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((candidate) => candidate.name === name);
  expect(others).toEqual([]);
  if (span === undefined) throw new Error(`There is no span ${name}.`);
  return span;
}

async function logOf(part: 'gateway' | 'worker' | 'ridendine'): Promise<string[]> {
  return (await readFile(world.stack.parts[part]?.logFile ?? '', 'utf8')).split('\n');
}
