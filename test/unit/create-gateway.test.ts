import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Orders } from '../../src/gateway/orders.ts';
import { newCheckoutRequest } from '../support/builders.ts';

const apiKey = randomUUID();
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const newId = { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/), timeoutMs: 5000 };

const nobody = () => Promise.reject(new Error('Nobody decides.'));

/** Sends one checkout to a gateway that creates orders with `createOrder`. */
async function post(
  createOrder: Orders['createOrder'],
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
) {
  const lines: string[] = [];
  const gateway = createGateway({
    orders: { createOrder, getOrder: () => Promise.reject(new Error('Nobody asks.')) },
    workers: { count: async () => 1, arePaused: async () => false, close: async () => {} },
    apiKeys: [
      { caller: 'checkout-app', key: 'another-key-0123456789' },
      { caller: 'checkout-web', key: apiKey },
    ],
    operators: { apiKeys: [], act: nobody, lookAt: nobody, decideAboutMany: nobody, lookAtMany: nobody },
    waitMs: 5000,
    maxWaiting: 1,
    requestsPerSecond: 1,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
  });
  const { idempotency_key: key, ...payload } = newCheckoutRequest();
  const usual = { authorization: `Bearer ${apiKey}`, 'idempotency-key': key };
  const response = await gateway.inject({
    method: 'POST',
    url: '/v1/orders',
    payload: { ...payload, ...more },
    headers: { ...usual, ...headers },
  });
  await gateway.close();
  return { response, log: lines.join('') };
}

describe('the gateway', () => {
  it.each([
    [
      'what a caller sent',
      { 'x-request-id': 'checkout-17', traceparent, prefer: 'wait=2' },
      { requestId: 'checkout-17', traceparent, timeoutMs: 2000 },
    ],
    ['a new id and no trace for what is malformed', { 'x-request-id': 'check out', traceparent: 'hello' }, newId],
  ])('hands on to the order creation %s', async (_what, headers, expected) => {
    const handedOn: Partial<Parameters<Orders['createOrder']>[1]>[] = [];
    const { response } = await post(async (_input, { signal: _signal, stopWaiting: _stop, ...options }) => {
      handedOn.push(options);
      return { state: 'IN_PROGRESS', stage: 'VALIDATING' };
    }, headers);

    expect(response.statusCode).toBe(202);
    expect(handedOn).toEqual([expected]);
    expect(response.headers['x-request-id']).toBe(handedOn[0]?.requestId);
  });

  it('answers what nobody expected as InternalError, and keeps its words out of answer and log', async () => {
    const { response, log } = await post(() => Promise.reject(new TypeError('Canary Row 17 is no address')));

    expect(response.statusCode).toBe(500);
    expect(response.headers['retry-after']).toBe('2');
    expect(response.json()).toMatchObject({ code: 'InternalError', retryable: true });
    expect(response.payload + log).not.toContain('Canary');
    expect(log).toContain('"error":"TypeError"');
    expect(log).toContain('create-gateway.test.ts');
  });

  it('takes an idempotency_key that is null in the body for one that is absent', async () => {
    const { response } = await post(
      async () => ({ state: 'IN_PROGRESS', stage: 'VALIDATING' }),
      {},
      { idempotency_key: null, shipping_snapshot: null, customer_note: null },
    );

    expect(response.statusCode).toBe(202);
  });
});
