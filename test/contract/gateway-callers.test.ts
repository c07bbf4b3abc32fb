import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newCheckoutRequest } from '../support/builders.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';

const LIMIT = 10;
const FLOOD_MS = 3000;
/** Far more than the limit, from a caller that does not wait for answers. */
const FLOOD_EVERY_MS = 4;
const MAX_WAITING = 5;

const keys = { good: randomUUID(), flooding: randomUUID(), operator: randomUUID() };
const { idempotency_key: _key, ...checkout } = newCheckoutRequest();

let gateway: GatewayOnTemporal;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal({
    GATEWAY_API_KEYS: `checkout-web:${keys.good},checkout-app:${keys.flooding}`,
    OPERATOR_API_KEYS: `directus:${keys.operator}`,
    GATEWAY_REQUESTS_PER_SECOND: String(LIMIT),
    GATEWAY_MAX_WAITING: String(MAX_WAITING),
  });
  await gateway.startTemporal();
}, 240_000);
afterAll(() => gateway?.stop());

function order(key: string, headers: Record<string, string> = {}): Promise<Response> {
  return gateway.post(randomUUID(), checkout, { authorization: `Bearer ${key}`, ...headers });
}

async function counted(caller: string): Promise<{ code: string; requests: number }[]> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const lines = metrics.matchAll(/^cooco_gateway_requests_total\{(.*)\} (\d+)$/gm);
  return [...lines]
    .filter(([, labels]) => labels?.includes(`caller="${caller}"`))
    .map(([, labels, requests]) => ({
      code: /code="(\w+)"/.exec(labels ?? '')?.[1] ?? '',
      requests: Number(requests),
    }));
}

describe('a caller whose requests wait for ever', () => {
  it('takes the places of its own requests alone', async () => {
    // There is no worker yet.
    const waiting = Array.from({ length: MAX_WAITING }, () => order(keys.flooding));
    await delay(1000);

    const [oneMore, ofAnother] = await Promise.all([
      order(keys.flooding, { prefer: 'wait=1' }),
      order(keys.good, { prefer: 'wait=1' }),
    ]);

    expect([oneMore.status, ofAnother.status]).toEqual([503, 202]);
    expect(await oneMore.json()).toMatchObject({ code: 'GatewayOverloaded' });
    await Promise.all(waiting);
  }, 60_000);
});

describe('a caller that sends far more than it may', () => {
  it('is told to wait, and leaves another caller unharmed', async () => {
    await gateway.startWorker();
    const flood: Promise<Response>[] = [];
    const flooding = setInterval(() => flood.push(order(keys.flooding, { prefer: 'wait=0' })), FLOOD_EVERY_MS);
    const good: { status: number; ms: number }[] = [];
    const began = performance.now();
    // On a slow machine the first order may take as long as the flood was meant to last.
    while (performance.now() - began < FLOOD_MS || good.length < 2) {
      const sentAt = performance.now();
      const { status } = await order(keys.good);
      good.push({ status, ms: Math.round(performance.now() - sentAt) });
      await delay(1000 / (LIMIT / 2));
    }
    clearInterval(flooding);
    const floodSeconds = (performance.now() - began) / 1000;
    const answers = await Promise.all(flood);

    expect(good.map(({ status }) => status)).toEqual(good.map(() => 201));
    const refused = answers.filter(({ status }) => status === 429);
    // The limit counts for each second, and the flood also touches a part of a second at its beginning and at its end.
    expect(answers.length - refused.length).toBeLessThanOrEqual(LIMIT * (floodSeconds + 2));
    expect(refused.length).toBeGreaterThan(answers.length / 2);
    expect(new Set(refused.map(({ headers }) => headers.get('retry-after')))).toEqual(new Set(['2']));
    expect(await refused[0]?.json()).toMatchObject({ code: 'TooManyRequests', status: 429, retryable: true });
    expect([...(refused[0]?.headers.keys() ?? [])].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    expect((await counted('checkout-web')).map(({ code }) => code)).toEqual(['none', 'none']);
    expect(await counted('checkout-app')).toContainEqual({ code: 'TooManyRequests', requests: refused.length });
  }, 60_000);

  it('is named in the log, and its key is not', async () => {
    const log = await gateway.gatewayLog();

    expect(log).toMatch(/"caller":"checkout-app".*"code":"TooManyRequests"/);
    expect(log).toMatch(/"caller":"checkout-web".*"status":201/);
    for (const key of Object.values(keys)) expect(log).not.toContain(key);
  });
});

describe('operators', () => {
  it('have a limit of their own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 2 * LIMIT }, () =>
        fetch(`${gateway.url}/v1/operations/orders/none`, { headers: { authorization: `Bearer ${keys.operator}` } }),
      ),
    );

    const statuses = answers.map(({ status }) => status);

    expect(statuses.filter((status) => status === 404)).toHaveLength(LIMIT);
    expect(statuses.filter((status) => status === 429)).toHaveLength(LIMIT);
  });
});

describe('a request without a key', () => {
  it('counts for nobody', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 2 * LIMIT }, async () => (await order('nobody-0123456789')).status),
    );

    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(await counted('none')).toContainEqual({ code: 'Unauthorized', requests: 2 * LIMIT });
  });
});
