import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { problemSchema } from '../../src/gateway/response-bodies.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import { canary, malformedRequests } from '../support/malformed-requests.ts';
import type { MalformedRequest } from '../support/malformed-requests.ts';
import { sendRaw } from '../support/raw-http.ts';

const REQUESTS = 10_000;
const AT_ONCE = 32;
const SEED = 20_261_123;
const TIMEOUT_MS = 120_000;

const problemDocument = z.strictObject(problemSchema.shape);

let gateway: GatewayOnTemporal;
let temporal: Client;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal({ GATEWAY_REQUESTS_PER_SECOND: '100000' });
  await gateway.startTemporal();
  await gateway.startWorker();
  temporal = await gateway.connectTemporal();
}, 240_000);
afterAll(() => gateway?.stop());

describe('malformed requests', () => {
  it(
    'are answered with problem documents, none of which is our failure, and no order begins',
    async () => {
      const startedAt = Date.now();
      const requests = malformedRequests({ seed: SEED, apiKey: gateway.apiKey });
      const surprises: unknown[] = [];
      const statuses = new Map<number, number>();
      let left = REQUESTS;
      const sendSome = async () => {
        while (left > 0) {
          left -= 1;
          const request = requests.next().value as MalformedRequest;
          const { status, body } = await send(request);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (!isRefusal(status, body)) surprises.push({ request, status, body });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, sendSome));

      const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      process.stdout.write(`Malformed requests: ${REQUESTS} in ${seconds} s, seed ${SEED}; ${counts.join(', ')}\n`);
      expect(surprises.slice(0, 5)).toEqual([]);
      expect((await temporal.workflow.count()).count).toBe(0);
      expect(gateway.scenario.calls).toEqual([]);
      expect((await fetch(`${gateway.url}/healthz`)).ok).toBe(true);
    },
    TIMEOUT_MS,
  );

  it('leave nothing in the log of what was in them', async () => {
    const log = await gateway.gatewayLog();

    expect(log.split('\n').length).toBeGreaterThan(REQUESTS / 2);
    expect(log).not.toContain(canary);
    expect(log).not.toContain(gateway.apiKey);
    expect(log).not.toContain('request failed');
  });

  it('leave no label in the metrics that is not ours', async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();

    const routes = new Set([...metrics.matchAll(/route="([^"]*)"/g)].map(([, route]) => route));
    expect(routes).toEqual(new Set(['/healthz', '/v1/orders', '/v1/orders/:key', 'none']));
    expect(metrics.split('\n').length).toBeLessThan(2000);
  });
});

async function send(request: MalformedRequest): Promise<{ status: number; body: string }> {
  if ('bytes' in request) return await sendRaw(gateway.url, request.bytes, { endAfter: true });
  const response = await fetch(`${gateway.url}${request.path}`, request.init);
  return { status: response.status, body: await response.text() };
}

function isRefusal(status: number, body: string): boolean {
  if (status < 400 || status >= 500) return false;
  try {
    return problemDocument.parse(JSON.parse(body)).status === status;
  } catch {
    return false;
  }
}
