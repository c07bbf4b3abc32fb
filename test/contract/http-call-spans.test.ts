import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { traceparentOf } from '../../src/telemetry/trace-context.ts';
import { directusPathPattern } from '../../src/integrations/directus/path-pattern.ts';
import { CREATE_ORDER_PATH, createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { fetchWithSpans } from '../../src/telemetry/http-call-spans.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import type { LoopbackServer } from '../support/loopback-servers.ts';

const ids = { ridendine_order_id: 'r-1', payment_session_id: 'p-1' };
const body = '{"the":"frozen body","name":"Zoë 🍜"}';

const exporter = new InMemorySpanExporter();
const servers: LoopbackServer[] = [];

beforeAll(() => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
});
afterAll(() => {
  trace.disable();
  context.disable();
});
afterEach(async () => {
  exporter.reset();
  for (const server of servers.splice(0)) await server.close();
});

/** A partner that takes every order, or leaves every call without an answer. */
async function startPartner({ answers = true } = {}) {
  const server = await startHttpServer((response) => {
    if (answers) response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(ids));
  });
  servers.push(server);
  return server;
}

/** Calls RideNDine inside the span of a step, as a step does. */
function createOrder(baseUrl: string, { isTraced = true, timeoutMs = 5000 } = {}) {
  const fetch = isTraced ? { fetch: fetchWithSpans(() => CREATE_ORDER_PATH) } : {};
  const ridendine = createRideNDineClient({ baseUrl, apiKey: 'partner-key', timeoutMs, ...fetch });
  const step = trace.wrapSpanContext({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 });
  return context.with(trace.setSpan(context.active(), step), () => ridendine.createOrder({ orderId: 'order-1', body }));
}

describe('a traced call of RideNDine', () => {
  it('is the same as another, byte for byte, but for one more header', async () => {
    const partner = await startPartner();

    await expect(createOrder(partner.url, { isTraced: false })).resolves.toEqual(ids);
    await expect(createOrder(partner.url)).resolves.toEqual(ids);

    const [plain, traced] = partner.requests;
    const { traceparent, ...headers } = traced?.headers ?? {};
    const [span] = exporter.getFinishedSpans();
    expect(traced?.body).toEqual(plain?.body);
    expect(traced?.body.toString('utf8')).toBe(body);
    expect(headers).toEqual(plain?.headers);
    expect(traceparent).toBe(span && traceparentOf(span.spanContext()));
  });

  it('fails as another where nobody listens: it is proven that nothing was sent', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;

    const [plain, traced] = await Promise.allSettled([createOrder(baseUrl, { isTraced: false }), createOrder(baseUrl)]);

    expect(traced).toEqual(plain);
    expect(traced).toMatchObject({ reason: { code: 'RideNDineUnavailable', outcome: 'notSent' } });
    expect(exporter.getFinishedSpans()).toMatchObject([
      { attributes: { 'error.type': 'ECONNREFUSED' }, status: { code: 2, message: 'ECONNREFUSED' }, events: [] },
    ]);
  });

  it('fails as another where no answer comes: the order may have been sent', async () => {
    const { url } = await startPartner({ answers: false });

    const traced = createOrder(url, { timeoutMs: 200 });

    await expect(traced).rejects.toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect(exporter.getFinishedSpans()).toMatchObject([{ status: { code: 2, message: 'TimeoutError' } }]);
  });
});

describe('a call that is of no step', () => {
  it('tells of no trace, and makes none', async () => {
    const partner = await startPartner();

    await fetchWithSpans(() => CREATE_ORDER_PATH)(partner.url);

    expect(partner.requests.map(({ headers }) => headers['traceparent'])).toEqual([undefined]);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

describe('the pattern of a path in Directus', () => {
  it.each([
    ['/items/orders', '/items/orders'],
    ['/cms/items/order_items', '/items/order_items'],
    ['/items/orders/3f8a5a43-6d0c-5b8e-9d5e-000000000001', '/items/orders/{id}'],
    ['/items/quotes/Canary%20Street', '/items/quotes/{id}'],
    ['/items/guests/7', '/…'],
    ['/users/me', '/…'],
    ['/', '/…'],
  ])('of %s is %s', (path, pattern) => {
    expect(directusPathPattern(path)).toBe(pattern);
  });
});
