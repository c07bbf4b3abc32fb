import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newCheckoutRequest } from '../support/builders.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import { sendRaw } from '../support/raw-http.ts';

/** A gateway without a Temporal: no request here gets as far as Temporal. */
let gateway: GatewayOnTemporal;
let credential: string;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal();
  credential = `Authorization: Bearer ${gateway.apiKey}\r\n`;
}, 240_000);
afterAll(() => gateway?.stop());

const key = randomUUID();
const { idempotency_key: _key, ...checkout } = newCheckoutRequest();

async function openConnection(): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  // Like a caller that keeps its side of the connection open.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Resolves when the socket is closed, however it ends: it is no error here that the other side is gone. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

async function resetAfter(bytes: string): Promise<void> {
  const socket = await openConnection();
  socket.write(bytes);
  socket.resetAndDestroy();
  await closed(socket);
}

async function dripUntilClosed(bytes: string): Promise<void> {
  const socket = await openConnection();
  socket.write(bytes);
  const drip = setInterval(() => socket.write('x'), 100);
  // If the gateway does not close the connection, the test does not wait for ever.
  const giveUp = setTimeout(() => socket.destroy(), 60_000);
  await closed(socket);
  clearInterval(drip);
  clearTimeout(giveUp);
}

describe('every answer', () => {
  it.each([
    ['GET', '/healthz', 200],
    ['GET', '/openapi.json', 200],
    ['GET', '/metrics', 200],
    ['GET', '/nothing-here', 404],
    ['GET', '/openapiXjson', 404],
    ['DELETE', '/v1/orders', 405],
    ['GET', `/v1/orders/${key}`, 401],
    ['GET', '/v1/orders/%zz', 400],
    ['GET', `/v1/orders/${'k'.repeat(200)}`, 414],
  ])('to %s %s carries an id, is kept by nobody and tells nothing of the server', async (method, path, status) => {
    const response = await fetch(`${gateway.url}${path}`, { method });

    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect([response.headers.get('server'), response.headers.get('x-powered-by')]).toEqual([null, null]);
    if (status >= 400) await expectProblem(response, status);
  });

  it('carries the id of the request if that is well-formed, and a new one if not', async () => {
    await expect(idFor('checkout-17.a_B')).resolves.toBe('checkout-17.a_B');
    for (const id of ['two words', 'x'.repeat(129), '<script>', 'a,b']) {
      await expect(idFor(id)).resolves.toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

/** Sends a checkout with these headers. The gateway refuses the checkout after it has read it. */
async function statusWith(...headers: string[]): Promise<{ status: number; problem: Record<string, unknown> }> {
  const body = JSON.stringify({ ...checkout, unknown: true });
  const length = `Content-Length: ${body.length}`;
  const head = ['POST /v1/orders HTTP/1.1', ...headers, length, 'Connection: close'].join('\r\n');
  const answer = await sendRaw(gateway.url, `${head}\r\n\r\n${body}`);
  return { status: answer.status, problem: JSON.parse(answer.body) as Record<string, unknown> };
}

const bearer = () => credential.trim();

async function idForAll(...ids: string[]): Promise<string | null> {
  const lines = ids.map((id) => `X-Request-Id: ${id}\r\n`).join('');
  const request = `GET /healthz HTTP/1.1\r\nHost: g\r\n${lines}Connection: close\r\n\r\n`;
  return (await sendRaw(gateway.url, request)).headers.get('x-request-id');
}

describe('a header that is sent twice', () => {
  const [host, json] = ['Host: g', 'Content-Type: application/json'];
  const idempotencyKey = `Idempotency-Key: ${key}`;

  it('is taken if both say the same, and one may be quoted', async () => {
    const quoted = `Idempotency-Key: "${key.toUpperCase()}"`;

    await expect(statusWith(host, bearer(), json, idempotencyKey)).resolves.toMatchObject({ status: 422 });
    await expect(statusWith(host, bearer(), json, quoted)).resolves.toMatchObject({ status: 422 });
    await expect(statusWith(host, bearer(), json, quoted, idempotencyKey)).resolves.toMatchObject({ status: 422 });
    await expect(
      statusWith(host, host, bearer(), bearer(), json, json, idempotencyKey, idempotencyKey),
    ).resolves.toMatchObject({ status: 422 });
  });

  it('is IdempotencyKeyInvalid if these are two different keys, and says so', async () => {
    const { status, problem } = await statusWith(
      host,
      bearer(),
      json,
      idempotencyKey,
      `Idempotency-Key: ${randomUUID()}`,
    );

    expect(status).toBe(400);
    expect(problem).toMatchObject({ code: 'IdempotencyKeyInvalid', detail: expect.stringContaining('Two different') });
  });

  it.each([
    ['host', 'Host: other'],
    ['authorization', 'Authorization: Bearer another-key'],
    ['content-type', 'Content-Type: text/plain'],
  ])('is a MalformedRequest if these are two values of %s, whichever comes first', async (name, another) => {
    const usual = [host, bearer(), json, idempotencyKey];

    for (const headers of [
      [...usual, another],
      [another, ...usual],
    ]) {
      const { status, problem } = await statusWith(...headers);
      expect(status).toBe(400);
      expect(problem).toMatchObject({ code: 'MalformedRequest', detail: expect.stringContaining(name) });
    }
  });

  it('gives the request its id only if both are the same', async () => {
    await expect(idForAll('checkout-17', 'checkout-17')).resolves.toBe('checkout-17');
    await expect(idForAll('checkout-17', 'checkout-18')).resolves.toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a wrong method', () => {
  it.each([
    ['DELETE', '/v1/orders', 'POST'],
    ['POST', `/v1/orders/${key}`, 'GET, HEAD'],
    ['PUT', '/readyz?x=1', 'GET, HEAD'],
    ['PROPFIND', '/healthz', 'GET, HEAD'],
  ])('%s %s is MethodNotAllowed, with those that are', async (method, path, allowed) => {
    const response = await fetch(`${gateway.url}${path}`, { method, ...(method === 'POST' && { body: '{' }) });

    expect(response.headers.get('allow')).toBe(allowed);
    expect((await expectProblem(response, 405))['code']).toBe('MethodNotAllowed');
  });
});

describe('a body', () => {
  it.each([
    ['that is cut off', '{"customer_id":"', 'not JSON'],
    ['that is empty', '', 'not JSON'],
    ['that is no object', '["customer_id"]', 'a JSON object'],
    ['that is null', 'null', 'a JSON object'],
    ['with a member given twice', '{"quote_id":"a","quote_id":"b"}', 'given twice'],
    ['with a member given twice, once in disguise', String.raw`{"quote_id":"a","quote\u005fid":"b"}`, 'given twice'],
    ['with a member given twice in an inner object', '{"shipping_snapshot":[{"a":1,"b":{},"a":2}]}', 'given twice'],
    ['with __proto__', '{"__proto__":{"isAdmin":true}}', 'No member may be named'],
    ['with __proto__ in disguise', String.raw`{"shipping_snapshot":{"\u005f_proto__":{}}}`, 'No member may be named'],
    ['with a constructor', '{"shipping_snapshot":{"constructor":{"prototype":{}}}}', 'No member may be named'],
    ['that is nested deeper than any checkout', `{"shipping_snapshot":${nested(100)}}`, 'nested'],
    ['that is nested as deep as its size allows', nested(30_000), 'nested'],
  ])('%s is a MalformedRequest', async (_what, body, detail) => {
    const problem = await expectProblem(await gateway.post(key, body), 400);

    expect(problem).toMatchObject({ code: 'MalformedRequest', retryable: false });
    expect(problem['detail']).toContain(detail);
  });

  it('that is no UTF-8 is a MalformedRequest', async () => {
    const body = Buffer.from('{"customer_note":"\u00fc"}', 'latin1');

    const response = await fetch(`${gateway.url}/v1/orders`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body,
    });

    expect((await expectProblem(response, 400))['detail']).toBe('The body is not JSON in UTF-8.');
  });

  it('may have the same member in different objects, and text that looks like members', async () => {
    const shipping_snapshot = { address: '"a":1,"a":2,{"a":[', a: { lat: 1 }, b: [{ lat: 1 }, { lat: 2 }], lat: 91 };

    const response = await gateway.post(key, { ...checkout, shipping_snapshot, unknown: true });

    // The domain refuses the checkout, so the gateway has read it.
    expect((await expectProblem(response, 422))['problems']).toMatchObject([{ field: 'unknown' }]);
  });

  it.each([
    ['an integer beyond those that a double tells apart', '1152921504606846977', 'too large to be kept exactly'],
    ['its neighbour', '1152921504606846978', 'too large to be kept exactly'],
    ['an integer with an exponent', '1e300', 'too large to be kept exactly'],
    ['a number beyond all doubles', '1e400', 'too large to be kept exactly'],
    ['a fraction with more digits than a double has', '10.500000000000000001', 'too many digits to be kept exactly'],
    ['a number that a double takes for 0', '1e-400', 'too close to 0 to be kept exactly'],
  ])('with %s in the address is refused with the field named', async (_what, number, rule) => {
    const inside = `"address":"1 Example Street","lat":10.5,"lng":106.25,"cells":[{"s2":${number}}]`;
    const body = JSON.stringify({ ...checkout, shipping_snapshot: undefined });

    const response = await gateway.post(key, `${body.slice(0, -1)},"shipping_snapshot":{${inside}}}`);

    const problem = await expectProblem(response, 422);
    expect(problem).toMatchObject({
      code: 'CheckoutInvalid',
      problems: [{ field: 'shipping_snapshot.cells[0].s2', detail: expect.stringContaining(rule) }],
    });
    expect(JSON.stringify(problem)).not.toContain(number);
  });

  it.each([
    ['text/plain', {}],
    ['application/xml', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
    ['application/json', { 'content-encoding': 'identity, br' }],
  ])('of type %s with %j is an UnsupportedMediaType', async (type, headers) => {
    const response = await gateway.post(key, checkout, { 'content-type': type, ...headers });

    expect((await expectProblem(response, 415))['code']).toBe('UnsupportedMediaType');
    expect(response.headers.get('accept-encoding')).toBe('identity');
  });

  it('above 64 KB is refused, whether it says so or not', async () => {
    const body = JSON.stringify({ ...checkout, customer_note: 'x'.repeat(70_000) });

    const said = await gateway.post(key, body);
    const unsaid = await sendRaw(
      gateway.url,
      `POST /v1/orders HTTP/1.1\r\nHost: g\r\n${credential}Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    );

    expect((await expectProblem(said, 413))['code']).toBe('PayloadTooLarge');
    expect(JSON.parse(unsaid.body)).toMatchObject({ status: 413, code: 'PayloadTooLarge' });
  });
});

describe('what is no request', () => {
  it.each([
    ['noise', 'hello gateway\r\n\r\n', 400, 'MalformedRequest'],
    ['TLS', Buffer.from('16030100a50100', 'hex'), 400, 'MalformedRequest'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'MalformedRequest'],
    ['a method that nobody knows', 'FETCH / HTTP/1.1\r\nHost: g\r\n\r\n', 400, 'MalformedRequest'],
    ['no host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'MalformedRequest'],
    ['a header without a name', 'GET /healthz HTTP/1.1\r\nHost: g\r\n: x\r\n\r\n', 400, 'MalformedRequest'],
    [
      'two lengths',
      'POST /v1/orders HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'MalformedRequest',
    ],
    [
      'too many headers',
      `GET /healthz HTTP/1.1\r\nHost: g\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'HeadersTooLarge',
    ],
    ['too long an address', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: g\r\n\r\n`, 431, 'HeadersTooLarge'],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 405, 'MethodNotAllowed'],
  ])('%s is answered with a problem document, and the connection ends', async (_what, bytes, status, code) => {
    const answer = await sendRaw(gateway.url, bytes, { timeoutMs: 4000 });

    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('connection')).toBe('close');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, type: `urn:cooco:problem:${code}` });
  });

  it.each([
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n'],
    ['no HTTP', 'HELLO\r\n\r\n'],
  ])('a connection that asked for %s and is reset leaves the gateway as it was', async (_what, bytes) => {
    for (let time = 0; time < 20; time += 1) await resetAfter(bytes);

    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  it.each([
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n'],
    ['no HTTP', 'HELLO\r\n\r\n'],
  ])('a connection that asked for %s and goes on sending is cut off', async (_what, bytes) => {
    const startedAt = Date.now();

    await dripUntilClosed(bytes);

    expect(Date.now() - startedAt).toBeLessThan(30_000);
  });

  it('an expectation that nobody knows is ignored', async () => {
    const answer = await sendRaw(
      gateway.url,
      'GET /healthz HTTP/1.1\r\nHost: g\r\nExpect: a-miracle\r\nConnection: close\r\n\r\n',
    );

    expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}']);
  });

  it('a body whose chunks are none is a MalformedRequest', async () => {
    const answer = await sendRaw(
      gateway.url,
      `POST /v1/orders HTTP/1.1\r\nHost: g\r\n${credential}Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnot-a-length\r\n`,
    );

    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'MalformedRequest' });
  });

  it('a caller that never finishes its headers or its body is answered RequestTimeout in time', async () => {
    const startedAt = Date.now();
    const [headers, body] = await Promise.all([
      sendRaw(gateway.url, 'GET /healthz HTTP/1.1\r\nHost: g\r\nX-Slow: '),
      sendRaw(
        gateway.url,
        `POST /v1/orders HTTP/1.1\r\nHost: g\r\n${credential}Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      ),
    ]);

    expect(Date.now() - startedAt).toBeLessThan(60_000);
    for (const answer of [headers, body]) {
      expect(answer.status).toBe(408);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'RequestTimeout', retryable: true });
    }
  });
});

describe('a credential', () => {
  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic Og==', 'Bearer nobody-knows-this-key'])(
    '%j is Unauthorized before anything else is looked at',
    async (authorization) => {
      const response = await fetch(`${gateway.url}/v1/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
        body: '{"broken',
      });

      expect((await expectProblem(response, 401))['code']).toBe('Unauthorized');
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    },
  );
});

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

async function idFor(id: string): Promise<string | null> {
  const { headers } = await fetch(`${gateway.url}/healthz`, { headers: { 'x-request-id': id } });
  return headers.get('x-request-id');
}

async function expectProblem(response: Response, status: number): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = (await response.json()) as Record<string, unknown>;
  expect(response.status).toBe(status);
  expect(problem).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(problem['type']).toBe(`urn:cooco:problem:${String(problem['code'])}`);
  return problem;
}
