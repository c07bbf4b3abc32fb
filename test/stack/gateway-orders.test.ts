import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { orderInProgressSchema } from '../../src/gateway/response-bodies.ts';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

const WAITING_MS = 20_000;

let world: RunningStack;
beforeAll(async () => {
  world = await startRunningStack({ GATEWAY_WAIT_MS: '15000' });
}, 360_000);
afterAll(() => world?.stop());

describe('one checkout', () => {
  it('sent thirty times at once is created once, and everybody hears the same ids', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const responses = await Promise.all(Array.from({ length: 30 }, () => world.post(key, checkout)));
    const bodies = await Promise.all(responses.map((response) => response.text()));

    expect(responses.filter(({ status }) => status === 200)).toHaveLength(29);
    expect(new Set(bodies).size).toBe(1);
    const created = responses.find(({ status }) => status === 201);
    expect(created?.headers.has('idempotent-replayed')).toBe(false);
    await expectOneLinkedOrder(checkout);
  });

  it('that takes longer than the caller waits is accepted, and answered with the same ids later', async () => {
    const key = randomUUID();
    const checkout = await slowCheckout(2500);

    const accepted = await world.post(key, checkout, { prefer: 'wait=1' });
    const first = orderInProgressSchema.parse(await accepted.json());
    const asked = orderInProgressSchema.parse(await (await world.get(key)).json());
    const again = await world.post(key, checkout);
    const final = await json(again);

    expect([accepted.status, accepted.headers.get('location')]).toEqual([202, `/v1/orders/${key}`]);
    expect(accepted.headers.get('retry-after')).toBe('2');
    expect(first).toMatchObject({ stage: 'CREATING_RIDENDINE_ORDER', order_id: final['order_id'] });
    expect(asked).toEqual(first);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(await json(await world.get(key))).toEqual({ state: 'SUCCEEDED', stage: 'LINKED', ...final });
    await expectOneLinkedOrder(checkout);
  });

  it('that is done is answered with its ids to a caller that does not wait at all', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const created = await json(await world.post(key, checkout));

    const response = await world.post(key, checkout, { prefer: 'wait=0' });

    expect([response.status, response.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(await json(response)).toEqual(created);
  });

  it('that was refused while its caller did not wait is answered with the refusal', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    await world.addFault({ kind: 'status', status: 422, quote_id: checkout.quote_id });

    const accepted = await world.post(key, checkout, { prefer: 'wait=0' });
    await pWaitFor(async () => (await json(await world.get(key)))['state'] === 'FAILED', { timeout: WAITING_MS });

    expect(accepted.status).toBe(202);
    expect(await json(await world.get(key))).toMatchObject({ failure: { code: 'RideNDineRejected' } });
  });

  it('goes on when the caller hangs up, and the gateway waits no longer', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    // RideNDine must not make the order before the gateway has stopped waiting.
    await world.addFault({ kind: 'status', status: 503, times: null, quote_id: checkout.quote_id });
    const hangUp = new AbortController();

    const gone = fetch(`${world.stack.urls.gateway}/v1/orders`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${world.stack.secrets.gatewayKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(checkout),
      signal: hangUp.signal,
    });
    await pWaitFor(async () => (await waitingRequests()) === 1, { timeout: WAITING_MS });
    hangUp.abort();

    await expect(gone).rejects.toThrow('aborted');
    await pWaitFor(async () => (await waitingRequests()) === 0, { interval: 20, timeout: WAITING_MS });
    await world.clearFaults();
    await pWaitFor(async () => (await json(await world.get(key)))['state'] === 'SUCCEEDED', { timeout: WAITING_MS });
    await expectOneLinkedOrder(checkout);
  });
});

describe('a gateway that is told to stop', () => {
  it('answers everybody who waits, takes nobody new, ends in time, and every order goes on', async () => {
    const quick = await slowCheckout(300);
    const slow = await Promise.all(Array.from({ length: 8 }, () => slowCheckout(4000)));
    const sent = [quick, ...slow].map((checkout) => ({ key: randomUUID(), checkout }));
    const answers = Promise.all(sent.map(({ key, checkout }) => world.post(key, checkout)));
    await pWaitFor(async () => (await waitingRequests()) === sent.length, { interval: 10, timeout: WAITING_MS });
    const stoppedAt = Date.now();

    const stopping = world.stack.parts.gateway.stop({ signal: 'SIGTERM' });
    await pWaitFor(() => isRefused(), { interval: 20, timeout: 60_000 });
    const responses = await answers;
    const { code } = await world.stack.parts.gateway.exited;
    await stopping;

    expect(Date.now() - stoppedAt).toBeLessThan(3000);
    expect(code).toBe(0);
    // The quick order may be linked in the moment that the gateway leaves for that.
    expect([201, 202]).toContain(responses[0]?.status);
    expect(responses.slice(1).map(({ status }) => status)).toEqual(slow.map(() => 202));
    expect(responses.map(({ headers }) => headers.get('connection'))).toEqual(sent.map(() => 'close'));
    for (const response of responses.slice(1)) {
      expect(orderInProgressSchema.safeParse(await response.json()).success).toBe(true);
    }

    await world.stack.parts.gateway.start();
    const later = await Promise.all(sent.map(({ key, checkout }) => world.post(key, checkout)));
    expect(later.map(({ status }) => status)).toEqual(sent.map(() => 200));
    for (const { checkout } of sent) await expectOneLinkedOrder(checkout);
  }, 240_000);
});

describe('the log of the gateway', () => {
  it('has a line for every request, and nothing of any order in it', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const response = await world.post(key, checkout, { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
    const order = await json(response);

    const requestId = response.headers.get('x-request-id') ?? 'none';
    const readLog = () => readFile(world.stack.parts.gateway.logFile, 'utf8');
    // The gateway writes the line when the answer is on its way.
    await pWaitFor(async () => (await readLog()).includes(requestId), { interval: 20, timeout: 60_000 });
    const log = await readLog();

    const lines = log.split('\n').filter((line) => line.includes(requestId));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { route: '/v1/orders', method: 'POST', status: 201, trace_id: trace, msg: 'request' },
    ]);
    const { address } = checkout.shipping_snapshot as { address: string };
    for (const text of [address, checkout.customer_note ?? '', checkout.quote_id, checkout.customer_id]) {
      expect(log).not.toContain(text);
    }
    for (const text of [String(order['payment_session_id']), world.stack.secrets.gatewayKey]) {
      expect(log).not.toContain(text);
    }
  });
});

describe('the log of a worker that does not trace', () => {
  it('complains of no caller who does', async () => {
    const { worker } = world.stack.parts;
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect((await world.post(randomUUID(), await world.newCheckout(), { traceparent })).status).toBe(201);

    // The worker writes its last lines when it ends.
    await worker.stop();

    const lines = (await readFile(worker.logFile, 'utf8')).split('\n').filter((line) => line.includes('sink'));
    expect(lines).toEqual([]);
  });
});

/** A checkout for which RideNDine takes `ms` milliseconds to answer the first call. */
async function slowCheckout(ms: number): Promise<DemoCheckout> {
  const checkout = await world.newCheckout();
  await world.addFault({ kind: 'latency', ms, quote_id: checkout.quote_id });
  return checkout;
}

async function expectOneLinkedOrder({ quote_id }: DemoCheckout): Promise<void> {
  const [order, ...others] = await world.ordersOf(quote_id);
  expect(others).toEqual([]);
  expect(order).toMatchObject({ status: 'PENDING_PAYMENT', ridendine_order_id: expect.any(String) });
  await expect(world.sandboxOrdersOf(order?.id ?? '')).resolves.toHaveLength(1);
}

async function waitingRequests(): Promise<number> {
  const metrics = await (await fetch(`${world.stack.urls.gateway}/metrics`)).text();
  return Number(/^cooco_gateway_waiting_requests (\d+)$/m.exec(metrics)?.[1]);
}

/** Whether the gateway refuses a new connection, as opposed to a request on an open one. */
async function isRefused(): Promise<boolean> {
  const headers = { connection: 'close' };
  return await fetch(`${world.stack.urls.gateway}/healthz`, { headers }).then(
    () => false,
    (error: Error) => (error.cause as { code?: string }).code === 'ECONNREFUSED',
  );
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}
