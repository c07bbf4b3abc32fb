import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@temporalio/client';
import pWaitFor from 'p-wait-for';
import { newCheckoutRequest } from '../support/builders.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';

const WAITING = 500;
/** The requests come in waves of this size, as they would in reality. */
const WAVE = 50;
const WAIT_MS = 30_000;
/** How much memory 500 requests may take: 200 KB each, twice what their calls to Temporal took when it was measured. */
const MOST_GROWTH_MB = 100;

/** A gateway with a Temporal that has no worker at first. */
let gateway: GatewayOnTemporal;
let temporal: Client;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal({
    GATEWAY_WAIT_MS: String(WAIT_MS),
    GATEWAY_MAX_WAITING: String(WAITING),
    GATEWAY_REQUESTS_PER_SECOND: '100000',
  });
  await gateway.startTemporal();
  temporal = await gateway.connectTemporal();
}, 240_000);
afterAll(() => gateway?.stop());

const checkouts = Array.from({ length: WAITING }, () => ({ key: randomUUID(), checkout: newCheckout() }));

function newCheckout() {
  const { idempotency_key: _key, ...checkout } = newCheckoutRequest();
  return checkout;
}

/** Ten times the usual time, so that a busy machine does not fail the test. */
const CARRIED_OUT_MS = 240_000;

describe(`${WAITING} requests that wait while no worker is there`, () => {
  it('are all accepted in time, and one more is turned away, in bounded memory', async () => {
    await gateway.post(randomUUID(), newCheckout(), { prefer: 'wait=0' });
    const before = await residentMb();
    const answers: Promise<{ status: number; afterMs: number }>[] = [];
    while (answers.length < WAITING) {
      const wave = checkouts.slice(answers.length, answers.length + WAVE);
      answers.push(...wave.map((sent) => timed(sent)));
      await pWaitFor(async () => (await waitingRequests()) === answers.length, { interval: 20, timeout: 60_000 });
    }

    const oneMore = await gateway.post(randomUUID(), newCheckout());
    const asked = await gateway.get(checkouts[0]?.key ?? '');
    const most = await residentMb();
    const answered = await Promise.all(answers);

    expect([oneMore.status, oneMore.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await oneMore.json()).toMatchObject({ code: 'GatewayOverloaded', retryable: true });
    expect(asked.status).toBe(200);
    expect(answered.map(({ status }) => status)).toEqual(checkouts.map(() => 202));
    const slowest = Math.max(...answered.map(({ afterMs }) => afterMs));
    expect(slowest).toBeLessThan(2 * WAIT_MS);
    expect(most - before).toBeLessThan(MOST_GROWTH_MB);
    expect(await waitingRequests()).toBe(0);
    process.stdout.write(
      `${WAITING} waiting requests: ${before} MB before, ${most} MB while they waited; the slowest 202 after ${slowest} ms\n`,
    );
  }, 240_000);

  it('can be followed by garbage, which ends the connection and is no answer to the order', async () => {
    const { hostname, port } = new URL(gateway.url);
    const [{ key, checkout } = { key: '', checkout: newCheckout() }] = checkouts;
    const body = JSON.stringify(checkout);
    const socket = connect({ host: hostname, port: Number(port) });
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));

    socket.write(
      `POST /v1/orders HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${gateway.apiKey}\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await pWaitFor(async () => (await waitingRequests()) === 1, { interval: 20, timeout: 60_000 });
    socket.write('garbage\r\n\r\n');
    await once(socket, 'close');

    expect(received).toBe('');
  });

  it(
    'are all carried out when a worker comes',
    async () => {
      await gateway.startWorker();

      await pWaitFor(
        async () => (await temporal.workflow.count(`ExecutionStatus = 'Completed'`)).count >= WAITING + 1,
        {
          interval: 250,
          timeout: CARRIED_OUT_MS,
        },
      );

      // One request at a time: this test is not about many status requests at once.
      const states = new Set<unknown>();
      for (const { key } of checkouts) {
        states.add(((await (await gateway.get(key)).json()) as { state?: string }).state);
      }
      expect(states).toEqual(new Set(['SUCCEEDED']));
      expect(gateway.scenario.sent).toHaveLength(WAITING + 1);
    },
    CARRIED_OUT_MS + 30_000,
  );
});

async function timed({ key, checkout }: (typeof checkouts)[number]) {
  const startedAt = Date.now();
  const { status } = await gateway.post(key, checkout);
  return { status, afterMs: Date.now() - startedAt };
}

async function residentMb(): Promise<number> {
  const status = await readFile(`/proc/${gateway.gateway.pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

async function waitingRequests(): Promise<number> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(/^cooco_gateway_waiting_requests (\d+)$/m.exec(metrics)?.[1]);
}
