import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { newCheckoutRequest } from '../support/builders.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';

const RECOVERY_MS = 60_000;

/** One gateway process for all these tests. It is never restarted. */
let gateway: GatewayOnTemporal;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal({ GATEWAY_WAIT_MS: '4000' });
}, 240_000);
afterAll(() => gateway?.stop());

const { idempotency_key: key, ...checkout } = newCheckoutRequest();

describe('a gateway whose Temporal', () => {
  it('is not there yet is alive, not ready, and asks its callers to come back', async () => {
    const [alive, ready, created, asked] = await Promise.all([
      fetch(`${gateway.url}/healthz`),
      fetch(`${gateway.url}/readyz`),
      gateway.post(key, checkout),
      gateway.get(key),
    ]);

    expect(alive.status).toBe(200);
    for (const response of [ready, created, asked]) await expectUnavailable(response);
    expect(await metric('temporal_reachable')).toBe('0');
    expect(await metric('order_workers')).toBe('Nan');
  });

  it('has come is ready, and takes the order that it had turned away, though no worker is there', async () => {
    await gateway.startTemporal();
    await untilReady();

    const accepted = await gateway.post(key, checkout, { prefer: 'wait=0' });

    expect(await json(await fetch(`${gateway.url}/readyz`))).toEqual({ status: 'ok', workers: 'none' });
    expect(accepted.status).toBe(202);
    expect(await json(accepted)).toEqual({ state: 'IN_PROGRESS', stage: 'VALIDATING' });
    expect([await metric('temporal_reachable'), await metric('order_workers')]).toEqual(['1', '0']);
  }, 240_000);

  it('dies while a caller waits asks that caller to come back', async () => {
    const waiting = gateway.post(key, checkout);
    await pWaitFor(async () => (await metric('waiting_requests')) === '1', { interval: 20, timeout: 60_000 });
    await gateway.killTemporal();

    const response = await waiting;
    expect(response.status).toBe(503);
    await expectUnavailable(response);
    // A load balancer that asks for this path keeps the gateway, which tells its callers to come back.
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  it('is back goes on with the order: the same request gives its ids', async () => {
    await gateway.startTemporal();
    const startedAt = Date.now();
    await untilReady();
    await gateway.startWorker();

    await pWaitFor(async () => (await gateway.post(key, checkout)).status === 200, { timeout: RECOVERY_MS });

    process.stdout.write(`Temporal back: orders again after ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
    const { link, orderId, sent } = gateway.scenario;
    expect(await json(await gateway.post(key, checkout))).toMatchObject({ order_id: orderId, ...link });
    expect(sent).toHaveLength(1);
    expect(await json(await gateway.post(randomUUID(), checkout))).toMatchObject(link);
    // What the gateway knows about workers may be some seconds old.
    await pWaitFor(async () => (await json(await fetch(`${gateway.url}/readyz`)))['workers'] === 1, {
      timeout: 60_000,
    });
  }, 240_000);
});

describe('a gateway that is told to stop when its Temporal is dead', () => {
  let other: GatewayOnTemporal;
  beforeAll(async () => {
    other = await startGatewayOnTemporal({ GATEWAY_WAIT_MS: '60000' });
    await other.startTemporal();
  }, 240_000);
  afterAll(() => other?.stop());

  it('tells those who wait to come back, and ends', async () => {
    // This request is answered when the order's run has begun. Before that, nothing could be lost.
    await other.post(key, checkout, { prefer: 'wait=0' });
    const waiting = other.post(key, checkout);
    await pWaitFor(async () => (await metric('waiting_requests', other)) === '1', { interval: 20, timeout: 60_000 });
    await other.killTemporal();
    const stoppedAt = Date.now();
    process.kill(other.gateway.pid, 'SIGTERM');

    const response = await waiting;
    expect(response.status).toBe(503);
    await expectUnavailable(response);
    expect((await other.gateway.exited).code).toBe(0);
    // Without the stop, the gateway would have waited for the order for a minute.
    expect(Date.now() - stoppedAt).toBeLessThan(30_000);
  });
});

async function expectUnavailable(response: Response): Promise<void> {
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await json(response)).toMatchObject({ code: 'TemporalUnavailable', retryable: true });
}

async function untilReady(): Promise<void> {
  await pWaitFor(async () => (await fetch(`${gateway.url}/readyz`)).ok, { interval: 100, timeout: RECOVERY_MS });
}

/** The value of a gauge without labels, as text. */
async function metric(name: string, { url } = gateway): Promise<string | undefined> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return new RegExp(`^cooco_gateway_${name} (.+)$`, 'm').exec(metrics)?.[1];
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}
