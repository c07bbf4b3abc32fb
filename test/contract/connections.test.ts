import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import pino from 'pino';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import { sendRaw } from '../support/raw-http.ts';

/** Far longer than any caller below waits. */
const WAIT_MS = 60_000;
const LONG_MS = 45_000;

/** A gateway with a Temporal that has no worker at first. */
let gateway: GatewayOnTemporal;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal({ GATEWAY_WAIT_MS: String(WAIT_MS) });
  await gateway.startTemporal();
}, 90_000);
afterAll(() => gateway?.stop());

function orderRequest(headers = '', key = randomUUID()): string {
  const { idempotency_key: _key, ...checkout } = newCheckoutRequest();
  const body = JSON.stringify(checkout);
  return `POST /v1/orders HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${gateway.apiKey}\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}

interface Conversation {
  socket: Socket;
  received: () => string;
  closed: Promise<void>;
}

/** Opens a connection whose two sides can be closed one by one. */
async function open(url = gateway.url): Promise<Conversation> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.on('error', () => {});
  socket.once('end', () => socket.end());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return { socket, received: () => received, closed };
}

async function metrics(): Promise<string> {
  return await (await fetch(`${gateway.url}/metrics`)).text();
}

async function requestsThatWait(): Promise<number> {
  return Number(/^cooco_gateway_waiting_requests (\d+)$/m.exec(await metrics())?.[1]);
}

/** How many requests with this label the metrics have counted. */
async function counted(label: string): Promise<number> {
  const lines = (await metrics()).split('\n').filter((line) => line.startsWith('cooco_gateway_requests_total'));
  return lines.filter((line) => line.includes(label)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('a caller that', () => {
  it.each<[string, (socket: Socket) => unknown]>([
    ['hangs up', (socket) => socket.destroy()],
    ['is reset', (socket) => socket.resetAndDestroy()],
  ])(
    '%s while its order goes on takes nobody’s place, and is counted as abandoned',
    async (_how, leave) => {
      const before = await counted('outcome="abandoned"');
      const { socket } = await open();
      socket.write(orderRequest());
      await pWaitFor(async () => (await requestsThatWait()) === 1, { interval: 20, timeout: LONG_MS });

      leave(socket);

      await pWaitFor(async () => (await requestsThatWait()) === 0, { interval: 20, timeout: LONG_MS });
      await pWaitFor(async () => (await counted('outcome="abandoned"')) > before, { timeout: LONG_MS });
      expect(await counted('outcome="abandoned"')).toBe(before + 1);
    },
    100_000,
  );

  it('closes its sending side while its order takes long is told how the order stands', async () => {
    const answer = await sendRaw(gateway.url, orderRequest(), { endAfter: true, timeoutMs: LONG_MS });

    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toMatch(/^\/v1\/orders\//);
    expect(JSON.parse(answer.body)).toMatchObject({ state: 'IN_PROGRESS', stage: 'VALIDATING' });
  }, 60_000);

  it('closes its sending side after its request gets the answer', async () => {
    await gateway.startWorker();
    // The worker first carries out the orders of the callers before.
    await gateway.post(randomUUID(), newCheckout());

    const created = await sendRaw(gateway.url, orderRequest(), { endAfter: true, timeoutMs: LONG_MS });
    const alive = await sendRaw(gateway.url, 'GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n', { endAfter: true });

    expect([created.status, alive.status]).toEqual([201, 200]);
    expect(JSON.parse(created.body)).toMatchObject({ payment_session_id: expect.any(String) });
  }, 100_000);

  it('closes its sending side after two requests gets both answers', async () => {
    const { text } = await sendRaw(gateway.url, `${orderRequest()}GET /readyz HTTP/1.1\r\nHost: g\r\n\r\n`, {
      endAfter: true,
      timeoutMs: LONG_MS,
    });

    expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual(['201', '200']);
  }, 60_000);

  it('closes its sending side in the middle of its request is told that this is none', async () => {
    const answer = await sendRaw(gateway.url, orderRequest().slice(0, -20), { endAfter: true });

    expect(answer.status).toBe(400);
  });
});

describe('a connection that was opened for later', () => {
  it('is not answered, nor counted, when a request that stalls is, and takes a request then', async () => {
    const [silent, stalled] = [await open(), await open()];
    const timeouts = await counted('RequestTimeout');
    const failures = await counted('outcome="refused"');
    stalled.socket.write('GET /healthz HTTP/1.1\r\nHost: g\r\nX-Slow: ');

    await stalled.closed;
    // The silent connection was opened first, so its time is over, too, and the gateway has looked at both by now.
    const [laterTimeouts, laterFailures] = [await counted('RequestTimeout'), await counted('outcome="refused"')];
    const unasked = silent.received();
    silent.socket.write('GET /healthz HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n');
    await silent.closed;

    expect(stalled.received()).toMatch(/^HTTP\/1\.1 408 /);
    expect([laterTimeouts - timeouts, laterFailures - failures]).toEqual([1, 1]);
    expect(unasked).toBe('');
    expect(silent.received()).toMatch(/^HTTP\/1\.1 200 /);
  }, 60_000);

  it('is closed without an answer after as long as one that is idle between two requests', async () => {
    const lines: string[] = [];
    const { url, server, close } = await startOwn(lines);
    server.headersTimeout = 200;
    server.keepAliveTimeout = 500;

    const silent = await open(url);
    await silent.closed;

    expect(silent.received()).toBe('');
    const own = await (await fetch(`${url}/metrics`)).text();
    await close();
    expect(own).not.toMatch(/^cooco_gateway_requests_total/m);
    expect(lines.filter((line) => line.includes('408'))).toEqual([]);
  });

  it('does not hold up a stop', async () => {
    const { url, close } = await startOwn([]);
    const silent = await open(url);
    const stoppedAt = Date.now();

    await Promise.all([close(), silent.closed]);

    // After this time the gateway cuts off every connection.
    expect(Date.now() - stoppedAt).toBeLessThan(5000);
  });
});

describe('a request whose body never comes', () => {
  it('is answered once if it was refused before, and its connection is closed', async () => {
    const timeouts = await counted('RequestTimeout');
    const { socket, received, closed } = await open();
    socket.write(
      'POST /v1/orders HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n',
    );

    await closed;

    expect(received().match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 401']);
    expect(await counted('RequestTimeout')).toBe(timeouts);
  }, 60_000);
});

describe('a caller that asks before it sends its body', () => {
  it('is asked for it, and answered', async () => {
    const { socket, received, closed } = await open();
    const [head, body] = orderRequest('Expect: 100-continue\r\nConnection: close\r\n').split('\r\n\r\n');
    socket.write(`${head}\r\n\r\n`);
    await pWaitFor(() => received() === 'HTTP/1.1 100 Continue\r\n\r\n', { interval: 10, timeout: LONG_MS });

    socket.write(body ?? '');
    await closed;

    expect(received()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  }, 60_000);

  it.each([
    ['is too large', (head: string) => head.replace(/Content-Length: \d+/, 'Content-Length: 70000'), 413],
    ['comes with no credential', (head: string) => head.replace(/Authorization: .*\r\n/, ''), 401],
  ])(
    'is answered without being asked for it if it %s',
    async (_what, change, status) => {
      const { socket, received, closed } = await open();
      const [head = ''] = orderRequest('Expect: 100-continue\r\n').split('\r\n\r\n');

      socket.write(`${change(head)}\r\n\r\n`);
      await closed;

      expect(received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    },
    60_000,
  );
});

describe('headers of 8 MB', () => {
  it('are answered HeadersTooLarge to whoever reads only after all are written', async () => {
    const { socket, received, closed } = await open();
    socket.pause();

    await new Promise<void>((resolve, reject) => {
      const bytes = `GET /healthz HTTP/1.1\r\nHost: g\r\nX-Long: ${'x'.repeat(8 * 1024 * 1024)}\r\n\r\n`;
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    socket.resume();
    await closed;

    expect(received()).toMatch(/^HTTP\/1\.1 431 /);
  }, 60_000);
});

function newCheckout() {
  const { idempotency_key: _key, ...checkout } = newCheckoutRequest();
  return checkout;
}

function none(): Promise<never> {
  return Promise.reject(new Error('Nobody asks.'));
}

/** Starts a gateway in this process. It gets no orders. */
async function startOwn(lines: string[]) {
  const own = createGateway({
    orders: { createOrder: none, getOrder: none },
    workers: { count: async () => 1, arePaused: async () => false, close: async () => {} },
    apiKeys: [{ caller: 'unnamed', key: randomUUID() }],
    operators: { apiKeys: [], act: none, lookAt: none, decideAboutMany: none, lookAtMany: none },
    waitMs: 1000,
    maxWaiting: 1,
    requestsPerSecond: 100,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
  });
  await own.listen({ host: '127.0.0.1', port: 0 });
  const { port } = own.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server: own.server, close: () => own.close() };
}
