import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { createCodecServer } from '../../src/codec-server/create-codec-server.ts';
import { startGatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import type { GatewayOnTemporal } from '../support/gateway-on-temporal.ts';
import { largeBodyCallersHere } from '../support/large-body-callers.ts';
import type { Heard, LargeRequest } from '../support/large-body-callers.ts';
import { startSandbox } from '../support/running-sandbox.ts';

const MB = 1024 * 1024;
const SIZES_MB = [8, 32];
/**
 * How often every kind of caller sends every size. If all were sent in one go, a slow machine would be busy for longer
 * than the gateway goes on reading.
 */
const ROUNDS = 3;
/** How long a caller waits: longer than the gateway waits for any caller. */
const PATIENCE_MS = 45_000;
/** How much the gateway's memory may grow: a third of what all callers send in a round. */
const MOST_GROWTH_MB = 150;
const SEGMENT = 'segment-of-a-path-that-nobody_Guesses-0123456789';

const bodies = new Map(SIZES_MB.map((size) => [size, Buffer.alloc(size * MB, 'x')]));
const kinds = largeBodyCallersHere();

type Outcome = Heard & { kind: string; size: number };

let gateway: GatewayOnTemporal;
beforeAll(async () => {
  gateway = await startGatewayOnTemporal();
}, 60_000);
afterAll(() => gateway?.stop());

/** Sends every size with every kind of caller. @returns an outcome for each: a failure is an outcome, too. */
async function outcomesOf(request: Omit<LargeRequest, 'body'>): Promise<Outcome[]> {
  const asked = kinds.flatMap(([kind, send]) =>
    [...bodies].map(async ([size, body]) => ({ kind, size, ...(await heardInTime(send({ ...request, body }))) })),
  );
  return await Promise.all(asked);
}

function failed({ message, cause }: Error): Heard {
  return { status: 0, body: `${message}: ${(cause as Error | undefined)?.message}` };
}

async function heardInTime(answer: Promise<Heard>): Promise<Heard> {
  const timer = new AbortController();
  const nothing = delay(PATIENCE_MS, { status: 0, body: 'no answer' }, { signal: timer.signal });
  nothing.catch(() => {});
  const heard = await Promise.race([answer.catch(failed), nothing]);
  timer.abort();
  return heard;
}

/** The callers that got another answer, one line each. */
function othersThan(outcomes: Outcome[], status: number, code: string): string[] {
  return outcomes
    .filter((outcome) => outcome.status !== status || !outcome.body.includes(`"${code}"`))
    .map(({ kind, size, status: other, body }) => `${kind}, ${size} MB: ${other} ${body.slice(0, 80)}`);
}

function orderHeaders(changed: Record<string, string> = {}): Record<string, string> {
  return {
    authorization: `Bearer ${gateway.apiKey}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
    ...changed,
  };
}

describe('a body of 8 or 32 MB, with and without a length', () => {
  it('is answered PayloadTooLarge to every caller, whatever it is written with, in bounded memory', async () => {
    const before = await residentMb();

    const outcomes: Outcome[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      outcomes.push(...(await outcomesOf({ url: `${gateway.url}/v1/orders`, headers: orderHeaders() })));
    }

    expect(outcomes.length).toBeGreaterThanOrEqual(ROUNDS * 16);
    expect(othersThan(outcomes, 413, 'PayloadTooLarge')).toEqual([]);
    expect((await mostResidentMb()) - before).toBeLessThan(MOST_GROWTH_MB);
  }, 120_000);

  it.each([
    ['credential', '/v1/orders', { authorization: 'Bearer nobody' }, 401, 'Unauthorized'],
    ['type', '/v1/orders', { 'content-type': 'text/plain' }, 415, 'UnsupportedMediaType'],
    ['encoding', '/v1/orders', { 'content-encoding': 'gzip' }, 415, 'UnsupportedMediaType'],
    ['method', '/healthz', {}, 405, 'MethodNotAllowed'],
    ['address', '/v1/order', {}, 404, 'NotFound'],
    ['address that cannot be read', '/v1/orders/%zz', {}, 400, 'MalformedRequest'],
  ])(
    'is answered all the same with what is wrong about its %s',
    async (_what, path, headers, status, code) => {
      const outcomes = await outcomesOf({ url: `${gateway.url}${path}`, headers: orderHeaders(headers) });

      expect(othersThan(outcomes, status, code)).toEqual([]);
    },
    120_000,
  );

  it('leaves nothing behind in the gateway: no connection, no failure in the log', async () => {
    const { url } = gateway;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await gateway.gatewayLog()).not.toContain('request failed');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).not.toMatch(/outcome="(abandoned|failed)"/);
  });

  it('is answered by the codec server, whose limit is 8 MB, too', async () => {
    const server = await createCodecServer({
      keys: undefined,
      uiOrigins: [],
      access: { pathSegment: SEGMENT },
      logger: pino({ enabled: false }),
    });
    const url = await server.listen({ host: '127.0.0.1', port: 0 });

    const json = { 'content-type': 'application/json' };
    const [tooLarge, noSuchAddress] = [
      (await outcomesOf({ url: `${url}/${SEGMENT}/decode`, headers: json })).filter(({ size }) => size > 8),
      await outcomesOf({ url: `${url}/decode`, headers: json }),
    ];
    await server.close();

    expect(othersThan(tooLarge, 413, 'PayloadTooLarge')).toEqual([]);
    expect(othersThan(noSuchAddress, 404, 'NotFound')).toEqual([]);
  }, 120_000);

  it('is answered by the sandbox, as a partner would', async () => {
    const sandbox = await startSandbox();

    const outcomes = await outcomesOf({
      url: `${sandbox.url}/orders/create`,
      headers: { 'content-type': 'application/json' },
    });
    await sandbox.close();

    expect(othersThan(outcomes, 413, 'The body is too large')).toEqual([]);
  }, 120_000);
});

async function residentMb(field = 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${gateway.gateway.pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024);
}

/** The most memory that the gateway had at any time. */
function mostResidentMb(): Promise<number> {
  return residentMb('VmHWM');
}
