import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createSandbox } from '../../sandbox/ridendine/server.ts';
import { orderBody } from '../../src/integrations/ridendine/order-body.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { freePort } from '../support/free-port.ts';
import { newCheckout } from '../support/builders.ts';
import { startHttpServer, startTcpServer } from '../support/loopback-servers.ts';
import type { LoopbackServer } from '../support/loopback-servers.ts';
import { runModule } from '../support/run-module.ts';

const API_KEY = 'partner-key-0123456789';
/** Ample for loopback; tests of time-outs set their own. */
const TIMEOUT_MS = 5000;
const GOOD_REPLY = '{"ridendine_order_id":"r-1","payment_session_id":"p-1"}';

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function httpServer(answer: (response: ServerResponse) => unknown) {
  const server = await startHttpServer(answer);
  servers.push(server);
  return server;
}

async function tcpServer(onConnection: Parameters<typeof startTcpServer>[0]) {
  const server = await startTcpServer(onConnection);
  servers.push(server);
  return server;
}

function client(baseUrl: string, timeoutMs = TIMEOUT_MS) {
  return createRideNDineClient({ baseUrl, apiKey: API_KEY, timeoutMs });
}

/** The error of a call that must not succeed. */
async function failureOf(call: Promise<unknown>): Promise<PartnerError> {
  const error = await call.then(
    (reply) => new Error(`The call succeeded: ${JSON.stringify(reply)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof PartnerError) return error;
  throw error;
}

const call = () => ({ orderId: randomUUID(), body: '{}' });

/** A call that the partner accepts. */
function newOrder() {
  const orderId = randomUUID();
  return { orderId, body: orderBody(orderId, newCheckout()) };
}

describe('what goes over the wire', () => {
  it('is the request of docs/requirements.md: path, headers and body, byte for byte', async () => {
    const server = await httpServer((response) => response.writeHead(201).end(GOOD_REPLY));
    const orderId = 'fb444879-793e-5e40-b2b0-72f80a4dc740';
    const body = orderBody(
      orderId,
      newCheckout({
        quote_id: 'quote-1',
        merchant_id: 'merchant-1',
        customer: {
          id: '00000000-0000-4000-8000-000000000001',
          name: 'Customer Ünï',
          phone: '+1 555 0100',
          email: 'customer-one@example.com',
        },
        fulfillment: { type: 'DELIVERY', address: '1 Example Street 🍜', lat: 10.5, lng: 106.25 },
        items: [{ menu_item_id: 'dish-1', name: 'Bún chả', quantity: 2, unit_price: 450, options: ['large'] }],
        totals: { total: 1200, subtotal: 900, delivery_fee: 300, currency: 'USD' },
      }),
    );

    await client(server.url).createOrder({ orderId, body });

    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/orders/create',
      headers: {
        'idempotency-key': 'cooco_order_fb444879-793e-5e40-b2b0-72f80a4dc740',
        authorization: 'Bearer partner-key-0123456789',
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': '528',
      },
    });
    expect(request?.body.toString('utf8')).toBe(
      '{"quote_id":"quote-1",' +
        '"external_order_id":"fb444879-793e-5e40-b2b0-72f80a4dc740",' +
        '"merchant_id":"merchant-1",' +
        '"customer":{"external_id":"00000000-0000-4000-8000-000000000001","name":"Customer Ünï",' +
        '"phone":"+1 555 0100","email":"customer-one@example.com"},' +
        '"fulfillment":{"type":"DELIVERY","address":"1 Example Street 🍜","lat":10.5,"lng":106.25},' +
        '"items":[{"menu_item_id":"dish-1","name":"Bún chả","quantity":2,"unit_price":450,"options":["large"]}],' +
        '"totals":{"total":1200,"subtotal":900,"delivery_fee":300,"currency":"USD"}}',
    );
  });

  it('is the body as it was given, even if it is no tidy JSON', async () => {
    const server = await httpServer((response) => response.writeHead(201).end(GOOD_REPLY));
    const body = ' {"b":1,\n"a" : 1.0,"a":"\\u00e9é"}\n';

    await client(server.url).createOrder({ orderId: randomUUID(), body });

    expect(server.requests.map((request) => request.body.toString('utf8'))).toEqual([body]);
  });

  it.each([
    ['', '/orders/create'],
    ['/', '/orders/create'],
    ['/partner/v1', '/partner/v1/orders/create'],
    ['/partner/v1/', '/partner/v1/orders/create'],
  ])('goes to the right path below the base %j', async (base, path) => {
    const server = await httpServer((response) => response.writeHead(201).end(GOOD_REPLY));

    await client(`${server.url}${base}`).createOrder(call());

    expect(server.requests.map((request) => request.path)).toEqual([path]);
  });
});

describe('an answer', () => {
  it.each([200, 201, 202, 299])('of %i with both ids is the result', async (status) => {
    const server = await httpServer((response) =>
      response.writeHead(status).end('{"payment_session_id":"p-1","ridendine_order_id":"r-1","more":true}'),
    );

    const link = await client(server.url).createOrder(call());

    expect(link).toEqual({ ridendine_order_id: 'r-1', payment_session_id: 'p-1' });
    expect(server.requests).toHaveLength(1);
  });

  const JSON_BODY = '{"title":"canary"}';
  const HTML_BODY = '<html>canary</html>';

  it.each<[number, string, string, string]>([
    ...[400, 402, 406, 410, 412, 413, 415, 418, 422, 423, 451, 499].map((status): [number, string, string, string] => [
      status,
      JSON_BODY,
      'RideNDineRejected',
      'rejected',
    ]),
    ...[400, 410, 422].flatMap((status): [number, string, string, string][] => [
      [status, HTML_BODY, 'RideNDineRejected', 'rejected'],
      [status, '', 'RideNDineRejected', 'rejected'],
    ]),
    [404, JSON_BODY, 'RideNDineRejected', 'rejected'],
    [405, JSON_BODY, 'RideNDineUnauthorized', 'maybeSent'],
    ...[404, 405].flatMap((status): [number, string, string, string][] => [
      [status, HTML_BODY, 'RideNDineUnauthorized', 'maybeSent'],
      [status, '', 'RideNDineUnauthorized', 'maybeSent'],
    ]),
    ...[401, 403].flatMap((status): [number, string, string, string][] => [
      [status, JSON_BODY, 'RideNDineUnauthorized', 'notSent'],
      [status, HTML_BODY, 'RideNDineUnauthorized', 'maybeSent'],
      [status, '', 'RideNDineUnauthorized', 'maybeSent'],
    ]),
    ...[408, 409, 425, 500, 501, 502, 503, 504, 599].flatMap((status): [number, string, string, string][] => [
      [status, JSON_BODY, 'RideNDineUnavailable', 'maybeSent'],
      [status, HTML_BODY, 'RideNDineUnavailable', 'maybeSent'],
    ]),
    [429, JSON_BODY, 'RideNDineRateLimited', 'notSent'],
    [429, '', 'RideNDineRateLimited', 'notSent'],
    // Ids in an answer that is not a success do not count.
    [500, GOOD_REPLY, 'RideNDineUnavailable', 'maybeSent'],
    [409, GOOD_REPLY, 'RideNDineUnavailable', 'maybeSent'],
  ])('of %i %s is %s: %s', async (status, body, code, outcome) => {
    const server = await httpServer((response) => response.writeHead(status).end(body));

    const error = await failureOf(client(server.url).createOrder(call()));

    // A 404 of an API may only mean that the API is being deployed.
    const mayPass = status === 404 && body === JSON_BODY;
    expect(error).toMatchObject({ code, outcome, status, mayPass });
    expect(server.requests).toHaveLength(1);
  });

  it.each([300, 301, 302, 303, 307, 308])('of %i is not followed: our address is wrong', async (status) => {
    const elsewhere = await httpServer((response) => response.writeHead(201).end(GOOD_REPLY));
    const server = await httpServer((response) =>
      response.writeHead(status, { location: `${elsewhere.url}/orders/create` }).end(),
    );

    const error = await failureOf(client(server.url).createOrder(call()));

    // An answer 303 often tells where to find what was stored.
    const outcome = status === 303 ? 'maybeSent' : 'notSent';
    expect(error).toMatchObject({ code: 'RideNDineUnauthorized', outcome, status });
    expect(server.requests).toHaveLength(1);
    expect(elsewhere.requests).toEqual([]);
  });

  it.each<[number, string]>([
    [200, ''],
    [201, '{"ridendine_order_id":"r-1","payment_sess'],
    [201, '{"ridendine_order_id":"r-1"}'],
    [201, '{"payment_session_id":"p-1"}'],
    [201, '{"ridendine_order_id":"","payment_session_id":"p-1"}'],
    [201, '{"ridendine_order_id":"r-1","payment_session_id":""}'],
    [201, '{"ridendine_order_id":1,"payment_session_id":"p-1"}'],
    [201, '{"ridendine_order_id":"r-1","payment_session_id":null}'],
    [200, `[${GOOD_REPLY}]`],
    [200, `{"data":${GOOD_REPLY}}`],
    [200, 'null'],
    [200, '"ok"'],
    [200, '<html>ok</html>'],
    [204, ''],
  ])('of %i whose body is %j breaks the contract, and the order may exist', async (status, body) => {
    const server = await httpServer((response) => response.writeHead(status).end(body));

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error).toMatchObject({
      code: 'RideNDineContractBroken',
      outcome: 'maybeSent',
      status,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([429, 503])('of %i says in seconds when to come back', async (status) => {
    const server = await httpServer((response) => response.writeHead(status, { 'retry-after': '7' }).end());

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error.retryAfterMs).toBe(7000);
  });

  it('of 429 says by a date when to come back', async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    const server = await httpServer((response) => response.writeHead(429, { 'retry-after': inAMinute }).end());

    const error = await failureOf(client(server.url).createOrder(call()));

    // HTTP dates are cut to whole seconds.
    expect(error.retryAfterMs).toBeGreaterThan(50_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('of 429 without a word of when leaves that to us', async () => {
    const server = await httpServer((response) => response.writeHead(429).end());

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error.retryAfterMs).toBeUndefined();
  });

  it.each([201, 401, 404, 422, 429, 500])('of %i keeps the partner’s text out of the message', async (status) => {
    const server = await httpServer((response) =>
      response
        .writeHead(status, 'canary', { 'x-canary': 'canary' })
        .end('{"detail":"canary: customer-one@example.com"}'),
    );

    const error = await failureOf(
      client(server.url).createOrder({ orderId: 'canary-order', body: '{"name":"canary","phone":"canary"}' }),
    );

    expect(error.partnerText).toBe('{"detail":"canary: customer-one@example.com"}');
    expect(error.message).not.toMatch(/canary|customer-one|partner-key/);
    expect(`${error.name} ${error.code}`).not.toMatch(/canary|customer-one/);
  });

  it('of any length is kept in its beginning only', async () => {
    const answers = ['x', '"', '\u0001', '€', '😀', 'a😀'].map((text) => text.repeat(50_000));
    for (const answer of answers) {
      const server = await httpServer((response) => response.writeHead(500).end(answer));

      const error = await failureOf(client(server.url).createOrder(call()));

      const kept = error.partnerText ?? '';
      expect(answer.startsWith(kept.slice(0, -1))).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(1500);
      expect(Buffer.byteLength(JSON.stringify(kept))).toBeGreaterThan(1200);
    }
  });
});

describe('a call without a whole answer', () => {
  it('to a port where nobody listens was not sent', async () => {
    const port = await freePort();

    const error = await failureOf(client(`http://127.0.0.1:${port}`).createOrder(call()));

    expect(error).toMatchObject({
      code: 'RideNDineUnavailable',
      outcome: 'notSent',
    });
  });

  it('to a name of several addresses, none of which listens, was not sent', async () => {
    const port = await freePort();

    const error = await failureOf(client(`http://localhost:${port}`).createOrder(call()));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'notSent' });
  });

  it('to a name that nobody knows was not sent', async () => {
    // The top-level domain is reserved for this (RFC 2606).
    const error = await failureOf(client('http://partner.invalid', 15_000).createOrder(call()));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'notSent' });
  });

  it('that is reset once it has arrived may have been sent', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect(error.status).toBeUndefined();
    expect(server.connections).toHaveLength(1);
  });

  it('that is closed without an answer may have been sent', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.end()));

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect(server.connections).toHaveLength(1);
  });

  it('that is answered with something else than HTTP may have been sent', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.end('220 mail.example ready\r\n')));

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect(server.connections).toHaveLength(1);
  });

  it('whose answer is cut short may have been sent', async () => {
    const server = await tcpServer((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\n${GOOD_REPLY}`)),
    );

    const error = await failureOf(client(server.url).createOrder(call()));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect(server.connections).toHaveLength(1);
  });

  it('that waits longer for an answer than it may, may have been sent', async () => {
    const server = await httpServer(() => {});

    const error = await failureOf(client(server.url, 150).createOrder(call()));

    expect(error).toMatchObject({
      code: 'RideNDineUnavailable',
      outcome: 'maybeSent',
      message: 'RideNDine did not answer within 150 ms.',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('that waits longer for the end of an answer than it may, may have been sent', async () => {
    const server = await httpServer((response) => response.writeHead(201).write(GOOD_REPLY.slice(0, 10)));

    const error = await failureOf(client(server.url, 150).createOrder(call()));

    expect(error).toMatchObject({
      code: 'RideNDineUnavailable',
      outcome: 'maybeSent',
      message: 'RideNDine did not answer within 150 ms.',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('that its caller breaks off may have been sent', async () => {
    const breakOff = new AbortController();
    const server = await httpServer(() => breakOff.abort());

    const error = await failureOf(client(server.url).createOrder({ ...call(), signal: breakOff.signal }));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect(server.requests).toHaveLength(1);
  });

  it('leaves nothing of the order and of our credential in the message', async () => {
    const reset = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const order = { orderId: 'canary', body: '{"name":"canary","email":"canary@example.com"}' };

    const errors = [
      await failureOf(client(reset.url).createOrder(order)),
      await failureOf(client(`http://127.0.0.1:${await freePort()}`).createOrder(order)),
    ];

    expect(errors.map((error) => error.message).join('\n')).not.toMatch(/canary|partner-key/);
  });
});

/**
 * What calls leave in memory. A separate program measures that: in this one, other tests have left objects, and a
 * garbage collection takes seconds.
 */
async function keptAfter(calls: number, url: string) {
  const program = `
    import { getEventListeners } from 'node:events';
    import { setImmediate } from 'node:timers/promises';
    import { queryObjects } from 'node:v8';
    import { createRideNDineClient } from './src/integrations/ridendine/ridendine-client.ts';

    const { signal } = new AbortController();
    const { createOrder } = createRideNDineClient({ baseUrl: '${url}', apiKey: '${API_KEY}', timeoutMs: ${TIMEOUT_MS} });
    for (let calls = 0; calls < ${calls}; calls += 1) await createOrder({ orderId: String(calls), body: '{}', signal });

    // One collection frees what the objects found by the one before it held.
    let signals;
    for (let collections = 0; collections < 10; collections += 1) {
      signals = queryObjects(AbortSignal, { format: 'count' });
      await setImmediate();
    }
    console.log(JSON.stringify({ signals, listeners: getEventListeners(signal, 'abort').length }));`;
  return (await runModule(program)) as { signals: number; listeners: number };
}

it('leaves nothing in memory of calls that are over', async () => {
  const server = await httpServer((response) => response.writeHead(201).end(GOOD_REPLY));

  const { signals, listeners } = await keptAfter(300, server.url);

  expect(server.requests).toHaveLength(300);
  expect(signals).toBeLessThan(10);
  expect(listeners).toBe(0);
});

describe('against the sandbox', () => {
  let folder: string;
  let sandbox: FastifyInstance;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ridendine-client-'));
    sandbox = createSandbox({
      apiKey: API_KEY,
      dataFile: join(folder, 'orders.db'),
      logger: pino({ level: 'silent' }),
    });
    url = await sandbox.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  async function control(path: string, body?: object) {
    const response = await fetch(`${url}/sandbox${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${API_KEY}` },
      body: body ? JSON.stringify(body) : null,
    });
    if (!response.ok) throw new Error(`The sandbox answered ${response.status}.`);
    return (await response.json()) as {
      orders: { ridendine_order_id: string; payment_session_id: string; idempotency_key: string; raw_body: string }[];
      attempts: { effect: string }[];
    };
  }

  const ordersOf = async (id: string) => (await control(`/orders?external_order_id=${id}`)).orders;
  const attemptsOf = async (id: string) => (await control(`/attempts?external_order_id=${id}`)).attempts;

  it('a delivery and a pickup are accepted as docs/requirements.md has them', async () => {
    const delivery = newOrder();
    const pickupId = randomUUID();
    const pickup = {
      orderId: pickupId,
      body: orderBody(pickupId, newCheckout({ fulfillment: { type: 'PICKUP' } })),
    };

    for (const { orderId, body } of [delivery, pickup]) {
      const link = await client(url).createOrder({ orderId, body });

      expect(await ordersOf(orderId)).toEqual([
        expect.objectContaining({ ...link, idempotency_key: `cooco_order_${orderId}`, raw_body: body }),
      ]);
    }
  });

  it('the same order again, also many times at once, is the same order with the same ids', async () => {
    const { orderId, body } = newOrder();

    const first = await client(url).createOrder({ orderId, body });
    const again = await Promise.all(Array.from({ length: 10 }, () => client(url).createOrder({ orderId, body })));

    expect(again).toEqual(Array.from({ length: 10 }, () => first));
    expect(await ordersOf(orderId)).toHaveLength(1);
  });

  it('another body under the same key may be an order: nobody can tell', async () => {
    const { orderId, body } = newOrder();
    await client(url).createOrder({ orderId, body });

    const error = await failureOf(client(url).createOrder({ orderId, body: `${body} ` }));

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent', status: 409 });
  });

  it('a body that breaks the contract is rejected', async () => {
    const orderId = randomUUID();
    const body = JSON.stringify({ external_order_id: orderId });

    const error = await failureOf(client(url).createOrder({ orderId, body }));

    expect(error).toMatchObject({ code: 'RideNDineRejected', outcome: 'rejected', status: 422 });
    expect(await ordersOf(orderId)).toEqual([]);
  });

  it('a wrong credential is our fault, and nothing is created', async () => {
    const { orderId, body } = newOrder();
    const stranger = createRideNDineClient({ baseUrl: url, apiKey: 'another-key', timeoutMs: TIMEOUT_MS });

    const error = await failureOf(stranger.createOrder({ orderId, body }));

    expect(error).toMatchObject({ code: 'RideNDineUnauthorized', outcome: 'notSent', status: 401 });
    expect(await ordersOf(orderId)).toEqual([]);
  });

  it('a wrong address is our fault', async () => {
    const error = await failureOf(client(`${url}/v2`).createOrder(newOrder()));

    expect(error).toMatchObject({ code: 'RideNDineUnauthorized', outcome: 'maybeSent', status: 404 });
  });

  it.each<[object, object]>([
    [
      { kind: 'status', status: 503, retry_after: 2 },
      { code: 'RideNDineUnavailable', outcome: 'maybeSent', retryAfterMs: 2000 },
    ],
    [
      { kind: 'status', status: 502, json: false },
      { code: 'RideNDineUnavailable', outcome: 'maybeSent' },
    ],
    [
      { kind: 'status', status: 500, stored: 'before' },
      { code: 'RideNDineUnavailable', outcome: 'maybeSent' },
    ],
    [
      { kind: 'status', status: 429, retry_after: 3 },
      { code: 'RideNDineRateLimited', outcome: 'notSent', retryAfterMs: 3000 },
    ],
    [
      { kind: 'status', status: 422, detail: 'Unknown merchant.' },
      { code: 'RideNDineRejected', outcome: 'rejected' },
    ],
    [
      { kind: 'reset', when: 'before_store' },
      { code: 'RideNDineUnavailable', outcome: 'maybeSent' },
    ],
    [
      { kind: 'reset', when: 'after_store' },
      { code: 'RideNDineUnavailable', outcome: 'maybeSent' },
    ],
    [{ kind: 'malformed_body' }, { code: 'RideNDineContractBroken', outcome: 'maybeSent' }],
    [
      { kind: 'incomplete_body', variant: 'missing' },
      { code: 'RideNDineContractBroken', outcome: 'maybeSent' },
    ],
    [
      { kind: 'incomplete_body', variant: 'empty' },
      { code: 'RideNDineContractBroken', outcome: 'maybeSent' },
    ],
    [
      { kind: 'redirect', location: 'http://127.0.0.1:9/' },
      { code: 'RideNDineUnauthorized', outcome: 'notSent' },
    ],
  ])('after the fault %j the same call again makes one order', async (fault, expected) => {
    const { orderId, body } = newOrder();
    await control('/faults', { ...fault, external_order_id: orderId });

    const error = await failureOf(client(url).createOrder({ orderId, body }));
    const attemptsOfFirstCall = await attemptsOf(orderId);
    const link = await client(url).createOrder({ orderId, body });

    expect(error).toMatchObject(expected);
    expect(attemptsOfFirstCall).toHaveLength(1);
    expect(await ordersOf(orderId)).toEqual([expect.objectContaining(link)]);
  });

  it('a lost answer is one attempt, and the same call again finds its order', async () => {
    const { orderId, body } = newOrder();
    await control('/faults', { kind: 'no_answer', when: 'after_store', external_order_id: orderId });

    const error = await failureOf(client(url, 300).createOrder({ orderId, body }));
    const link = await client(url).createOrder({ orderId, body });

    expect(error).toMatchObject({ code: 'RideNDineUnavailable', outcome: 'maybeSent' });
    expect((await attemptsOf(orderId)).map(({ effect }) => effect).toSorted()).toEqual(['replayed', 'stored']);
    expect(await ordersOf(orderId)).toEqual([expect.objectContaining(link)]);
  });
});
