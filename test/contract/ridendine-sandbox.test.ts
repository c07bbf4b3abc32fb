import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import type { FastifyInstance } from 'fastify';
import pWaitFor from 'p-wait-for';
import { pino } from 'pino';
import { z } from 'zod';
import { createSandbox } from '../../sandbox/ridendine/server.ts';

const API_KEY = 'contract-test-key';

let folder: string;
let dataFile: string;
let sandbox: FastifyInstance;
let baseUrl: string;
let logLines: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridendine-sandbox-'));
  dataFile = join(folder, 'nested', 'orders.db');
  await start();
});

afterEach(async () => {
  await control('/faults', { method: 'DELETE' });
});

afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  logLines = [];
  const logger = pino({}, { write: (line: string) => void logLines.push(line) });
  sandbox = createSandbox({ apiKey: API_KEY, dataFile, logger });
  baseUrl = await sandbox.listen({ host: '127.0.0.1', port: 0 });
}

/** An order that the partner accepts, under ids that no other test uses. */
function newOrder() {
  const id = randomUUID();
  return {
    quote_id: `quote-${id}`,
    external_order_id: id,
    merchant_id: 'merchant-1',
    customer: {
      external_id: 'customer-1',
      name: 'Customer One',
      phone: '+1 555 0100',
      email: 'customer-one@example.com',
    },
    fulfillment: { type: 'DELIVERY', address: '1 Example Street', lat: 10.5, lng: 106.25 } as Record<string, unknown>,
    items: [
      { menu_item_id: 'soup', name: 'Soup', quantity: 2, unit_price: 450, options: ['large'] },
      { menu_item_id: 'tea', name: 'Tea', quantity: 1, unit_price: 100 },
    ] as Record<string, unknown>[],
    totals: { currency: 'USD', subtotal: 1000, delivery_fee: 300, total: 1300 } as Record<string, unknown>,
  };
}
type Order = ReturnType<typeof newOrder>;

/** The order with these items and without a subtotal, which would be wrong for them. */
function withItems(order: Order, items: unknown[]) {
  return { ...order, totals: { currency: 'USD', total: 1 }, items };
}

interface Call {
  /** null: the header is left out. */
  key?: string | null;
  body?: string | Uint8Array<ArrayBuffer>;
  authorization?: string | null;
  contentType?: string;
  signal?: AbortSignal;
}

async function create(order: Order, call: Call = {}): Promise<Response> {
  const { key = `cooco_order_${order.external_order_id}`, authorization = `Bearer ${API_KEY}` } = call;
  const headers = new Headers({ 'content-type': call.contentType ?? 'application/json' });
  if (key !== null) headers.set('idempotency-key', key);
  if (authorization !== null) headers.set('authorization', authorization);
  return fetch(`${baseUrl}/orders/create`, {
    method: 'POST',
    headers,
    body: call.body ?? JSON.stringify(order),
    redirect: 'manual',
    signal: call.signal ?? null,
  });
}

async function control(path: string, init: { method?: string; json?: unknown } = {}): Promise<Response> {
  return fetch(`${baseUrl}/sandbox${path}`, {
    method: init.method ?? 'GET',
    headers: { authorization: `Bearer ${API_KEY}` },
    body: init.json === undefined ? null : JSON.stringify(init.json),
  });
}

const listedOrders = z.object({
  orders: z.array(
    z.looseObject({
      ridendine_order_id: z.string(),
      payment_session_id: z.string(),
      external_order_id: z.string(),
      idempotency_key: z.string(),
      created_at: z.iso.datetime(),
      attempts: z.number(),
      raw_body: z.string(),
      raw_body_base64: z.string(),
    }),
  ),
});

const listedAttempts = z.object({ attempts: z.array(z.looseObject({ raw_body_base64: z.string() })) });

async function ordersOf(order: Order) {
  const response = await control(`/orders?external_order_id=${order.external_order_id}`);
  return listedOrders.parse(await response.json()).orders;
}

async function attemptsOf(order: Order) {
  const response = await control(`/attempts?external_order_id=${order.external_order_id}`);
  return listedAttempts.parse(await response.json()).attempts;
}

/** Adds a fault that strikes only this order. */
async function addFault(order: Order, fault: Record<string, unknown>): Promise<void> {
  const response = await control('/faults', {
    method: 'POST',
    json: { external_order_id: order.external_order_id, ...fault },
  });
  expect(response.status).toBe(201);
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = z
    .looseObject({
      type: z.string(),
      title: z.string(),
      status: z.number(),
      errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    })
    .parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
}

describe('POST /orders/create', () => {
  it('answers 201 with the two ids and nothing else', async () => {
    const first = await create(newOrder());
    const second = await create(newOrder());

    expect(first.status).toBe(201);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const ids = await first.json();
    expect(ids).toEqual({
      ridendine_order_id: expect.stringMatching(/^rnd_[0-9a-f]{24}$/),
      payment_session_id: expect.stringMatching(/^ps_[0-9a-f]{32}$/),
    });
    expect(await second.json()).not.toEqual(ids);
  });

  it('accepts a pickup without an address, and totals without a subtotal', async () => {
    const order = { ...newOrder(), fulfillment: { type: 'PICKUP' }, totals: { currency: 'USD', total: 1000 } };
    expect((await create(order)).status).toBe(201);
  });

  it.each([
    ['none', null],
    ['another key', 'Bearer wrong'],
    ['a key that starts right', `Bearer ${API_KEY}-and-more`],
    ['another scheme', `Basic ${API_KEY}`],
  ])('answers 401 to a wrong credential: %s', async (_what, authorization) => {
    const order = newOrder();
    const response = await create(order, { authorization });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    await problemOf(response);
    expect(await ordersOf(order)).toEqual([]);
  });

  it('answers 400 without an idempotency key, 400 to what is not JSON, 415 to another content type', async () => {
    const order = newOrder();
    const answers = [
      await create(order, { key: null }),
      await create(order, { body: '{"quote_id":' }),
      await create(order, { body: new Uint8Array([0x22, 0xff, 0x22]) }),
      await create(order, { contentType: 'text/plain' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 415]);
    for (const answer of answers) await problemOf(answer);
    expect(await ordersOf(order)).toEqual([]);
  });

  it('answers 413 to a body of more than 1 MiB', async () => {
    const response = await create(newOrder(), { body: ' '.repeat(1024 * 1024 + 1) });
    expect(response.status).toBe(413);
    await problemOf(response);
  });

  const SECRET = 'do-not-echo';
  const refusals: [pointer: string, spoil: (order: Order) => unknown][] = [
    ['#/quote_id', (order) => ({ ...order, quote_id: '' })],
    ['#/external_order_id', (order) => ({ ...order, external_order_id: undefined })],
    ['#/merchant_id', (order) => ({ ...order, merchant_id: null })],
    ['#/customer', (order) => ({ ...order, customer: SECRET })],
    ['#/customer/external_id', (order) => ({ ...order, customer: { ...order.customer, external_id: 5 } })],
    ['#/customer/name', (order) => ({ ...order, customer: { ...order.customer, name: '  ' } })],
    ['#/customer/phone', (order) => ({ ...order, customer: { ...order.customer, phone: null } })],
    ['#/customer/email', (order) => ({ ...order, customer: { ...order.customer, email: SECRET } })],
    ['#/customer/nickname', (order) => ({ ...order, customer: { ...order.customer, nickname: SECRET } })],
    ['#/fulfillment', (order) => ({ ...order, fulfillment: SECRET })],
    ['#/fulfillment/type', (order) => ({ ...order, fulfillment: { type: SECRET } })],
    ['#/fulfillment/address', (order) => ({ ...order, fulfillment: { type: 'PICKUP', address: SECRET } })],
    ['#/fulfillment/address', (order) => ({ ...order, fulfillment: { ...order.fulfillment, address: '' } })],
    ['#/fulfillment/lat', (order) => ({ ...order, fulfillment: { ...order.fulfillment, lat: 90.001 } })],
    ['#/fulfillment/lat', (order) => ({ ...order, fulfillment: { ...order.fulfillment, lat: SECRET } })],
    ['#/fulfillment/lng', (order) => ({ ...order, fulfillment: { ...order.fulfillment, lng: -180.001 } })],
    ['#/items', (order) => withItems(order, [])],
    ['#/items/1/quantity', (order) => withItems(order, [order.items[0], { ...order.items[1], quantity: 0 }])],
    ['#/items/0/quantity', (order) => withItems(order, [{ ...order.items[0], quantity: 1.5 }])],
    ['#/items/0/unit_price', (order) => withItems(order, [{ ...order.items[0], unit_price: -1 }])],
    ['#/items/0/menu_item_id', (order) => withItems(order, [{ ...order.items[0], menu_item_id: undefined }])],
    ['#/items/0/name', (order) => withItems(order, [{ ...order.items[0], name: 7 }])],
    ['#/totals/currency', (order) => ({ ...order, totals: { ...order.totals, currency: SECRET } })],
    ['#/totals/total', (order) => ({ ...order, totals: { ...order.totals, total: -1 } })],
    ['#/totals/subtotal', (order) => ({ ...order, totals: { ...order.totals, subtotal: 999 } })],
    ['#/tip', (order) => ({ ...order, tip: SECRET })],
  ];
  it.each(refusals)('refuses a body for its %s, with 422 and without echoing a value', async (pointer, spoil) => {
    const order = newOrder();
    const response = await create(order, { body: JSON.stringify(spoil(order)) });
    expect(response.status).toBe(422);
    const problem = await problemOf(response);
    expect(problem.errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect(JSON.stringify(problem)).not.toContain(SECRET);
    expect(await ordersOf(order)).toEqual([]);
  });

  it('names every wrong field of one body', async () => {
    const order = newOrder();
    const body = JSON.stringify({ ...order, merchant_id: '', totals: {}, items: [{}] });
    const { errors } = await problemOf(await create(order, { body }));
    expect(errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '#/items/0/menu_item_id',
      '#/items/0/name',
      '#/items/0/quantity',
      '#/items/0/unit_price',
      '#/merchant_id',
      '#/totals/currency',
      '#/totals/total',
    ]);
  });
});

describe('idempotency', () => {
  it('answers the same key and bytes with the same reply, marked as replayed', async () => {
    const order = newOrder();
    const first = await create(order);
    const second = await create(order);

    expect(second.status).toBe(201);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await second.text()).toBe(await first.text());
    expect(await ordersOf(order)).toHaveLength(1);
  });

  it.each<[string, (order: Order) => string]>([
    ['other content', (order) => JSON.stringify({ ...order, merchant_id: 'merchant-2' })],
    ['the same content with one more space', (order) => `${JSON.stringify(order)} `],
    ['an invalid body', () => '{}'],
  ])('refuses the same key with %s: 409', async (_what, otherBody) => {
    const order = newOrder();
    await create(order);
    const response = await create(order, { body: otherBody(order) });

    expect(response.status).toBe(409);
    expect((await problemOf(response)).type).toBe('urn:ridendine-sandbox:problem:idempotency-key-reused');
    const [stored] = await ordersOf(order);
    expect(stored?.raw_body).toBe(JSON.stringify(order));
  });

  it('refuses another key for an order that exists: 409', async () => {
    const order = newOrder();
    await create(order);
    const response = await create(order, { key: randomUUID() });

    expect(response.status).toBe(409);
    expect((await problemOf(response)).type).toBe('urn:ridendine-sandbox:problem:order-exists');
    expect(await ordersOf(order)).toHaveLength(1);
  });

  it('leaves the key of a refused call free', async () => {
    const order = newOrder();
    expect((await create(order, { body: '{}' })).status).toBe(422);
    expect((await create(order)).status).toBe(201);
  });

  it('makes one order of 50 equal calls at once', async () => {
    const order = newOrder();
    const responses = await Promise.all(Array.from({ length: 50 }, async () => create(order)));

    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201));
    expect(responses.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(new Set(await Promise.all(responses.map(async (response) => response.text()))).size).toBe(1);
    const orders = await ordersOf(order);
    expect(orders.map(({ attempts }) => attempts)).toEqual([50]);
  });

  it('makes one order of equal calls that are all held up at the same time', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'latency', ms: 100, times: null });
    const responses = await Promise.all(Array.from({ length: 5 }, async () => create(order)));
    expect(new Set(await Promise.all(responses.map(async (response) => response.text()))).size).toBe(1);
    expect(await ordersOf(order)).toHaveLength(1);
  });

  it('forgets the keys of one order on demand, and not the order', async () => {
    const order = newOrder();
    const other = newOrder();
    await create(order);
    await create(other);
    const forgotten = await control('/idempotency-keys/forget', {
      method: 'POST',
      json: { external_order_id: order.external_order_id },
    });
    expect(await forgotten.json()).toEqual({ forgotten: 1 });

    const response = await create(order);
    expect(response.status).toBe(409);
    expect((await problemOf(response)).type).toBe('urn:ridendine-sandbox:problem:order-exists');
    expect((await create(other)).headers.get('idempotent-replayed')).toBe('true');
  });

  it('forgets all keys on demand', async () => {
    const orders = [newOrder(), newOrder()];
    for (const order of orders) await create(order);
    await control('/idempotency-keys/forget', { method: 'POST' });
    for (const order of orders) expect((await create(order)).status).toBe(409);
  });

  it('remembers orders, keys and attempts over a restart', async () => {
    const order = newOrder();
    const before = await (await create(order)).text();
    const orders = await ordersOf(order);
    const attempts = await attemptsOf(order);

    await sandbox.close();
    await start();

    expect(await ordersOf(order)).toEqual(orders);
    expect(await attemptsOf(order)).toEqual(attempts);
    const again = await create(order);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.text()).toBe(before);
    expect((await create(order, { body: `${JSON.stringify(order)} ` })).status).toBe(409);
  });
});

describe('the record of what arrived', () => {
  it('holds the bytes of the wire, whatever they are', async () => {
    const order = newOrder();
    const text = `\n ${JSON.stringify(order, null, 3).replace('Soup', 'Ph\\u1edf \u1edf 🍜')}\t\r\n`;
    const bytes = Buffer.from(text, 'utf8');
    await create(order, { body: bytes });
    const broken = Buffer.concat([bytes, Buffer.from([0xff, 0x00])]);
    const brokenKey = randomUUID();
    await create(order, { body: broken, key: brokenKey });

    const [stored] = await ordersOf(order);
    const [attempt] = await attemptsOf(order);
    expect(stored?.raw_body).toBe(text);
    expect(stored?.raw_body_base64).toBe(bytes.toString('base64'));
    expect(attempt?.raw_body_base64).toBe(bytes.toString('base64'));
    const response = await control(`/attempts?idempotency_key=${brokenKey}`);
    const { attempts } = listedAttempts.parse(await response.json());
    expect(attempts.map((one) => one.raw_body_base64)).toEqual([broken.toString('base64')]);
  });

  it('lists every attempt with what it was answered and whether it stored the order', async () => {
    const order = newOrder();
    await create(order, { authorization: 'Bearer wrong' });
    await create(order, { key: null });
    await create(order, { contentType: 'application/json; charset=utf-8' });
    await create(order);
    await create(order, { key: 'another' });

    const [stored] = await ordersOf(order);
    const own = { idempotency_key: `cooco_order_${order.external_order_id}`, content_type: 'application/json' };
    const id = stored?.ridendine_order_id;
    const seen = await attemptsOf(order);
    const base = { quote_id: order.quote_id, answer: 'response', fault: null, ridendine_order_id: null };
    expect(seen).toMatchObject([
      { ...base, ...own, status: 401, effect: 'none' },
      { ...base, ...own, idempotency_key: null, status: 400, effect: 'none' },
      {
        ...base,
        ...own,
        content_type: 'application/json; charset=utf-8',
        status: 201,
        effect: 'stored',
        ridendine_order_id: id,
      },
      { ...base, ...own, status: 201, effect: 'replayed', ridendine_order_id: id },
      { ...base, ...own, idempotency_key: 'another', status: 409, effect: 'none' },
    ]);
    expect(stored?.attempts).toBe(5);
    expect(stored?.idempotency_key).toBe(own.idempotency_key);
  });

  it('never holds the credential', async () => {
    const order = newOrder();
    await create(order);
    expect(JSON.stringify(await attemptsOf(order))).not.toContain(API_KEY);
    const file = await readFile(dataFile);
    const log = await readFile(`${dataFile}-wal`);
    expect(Buffer.concat([file, log]).includes(API_KEY)).toBe(false);
  });
});

describe('faults', () => {
  it('answers any status, with Retry-After in seconds or as a date, and creates nothing', async () => {
    const order = newOrder();
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
    await addFault(order, { kind: 'status', status: 503 });
    await addFault(order, { kind: 'status', status: 429, retry_after: 7 });
    await addFault(order, { kind: 'status', status: 429, retry_after: date });
    await addFault(order, { kind: 'status', status: 422, detail: 'Unknown merchant.' });

    const answers = [await create(order), await create(order), await create(order), await create(order)];
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [503, null],
      [429, '7'],
      [429, date],
      [422, null],
    ]);
    expect(await Promise.all(answers.map(problemOf))).toMatchObject([{}, {}, {}, { detail: 'Unknown merchant.' }]);
    expect(await ordersOf(order)).toEqual([]);
    expect((await create(order)).status).toBe(201);
  });

  it('answers a status as an HTML page, or without a body where HTTP allows none', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'status', status: 502, json: false });
    await addFault(order, { kind: 'status', status: 204 });
    const page = await create(order);
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
    expect(await page.text()).toMatch(/^<html>/);
    expect((await create(order)).status).toBe(204);
  });

  it('stores the order and then denies it', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'status', status: 500, stored: 'before' });

    expect((await create(order)).status).toBe(500);
    expect(await ordersOf(order)).toHaveLength(1);
    expect((await create(order)).headers.get('idempotent-replayed')).toBe('true');
    expect(await attemptsOf(order)).toMatchObject([
      { fault: 'status', answer: 'response', status: 500, effect: 'stored' },
      { fault: null, answer: 'response', status: 201, effect: 'replayed' },
    ]);
  });

  it('answers late, and has stored nothing before', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'latency', ms: 300 });
    const startedAt = performance.now();
    const answer = create(order);
    await pWaitFor(async () => (await attemptsOf(order)).length === 1);
    expect(await attemptsOf(order)).toMatchObject([{ answer: 'pending', effect: 'none' }]);
    expect(await ordersOf(order)).toEqual([]);

    expect((await answer).status).toBe(201);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    expect(await attemptsOf(order)).toMatchObject([{ answer: 'response', effect: 'stored', fault: 'latency' }]);
  });

  it('goes on with a late call whose caller has left', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'latency', ms: 300 });
    await expect(create(order, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
    await pWaitFor(async () => (await ordersOf(order)).length === 1);
    expect((await create(order)).headers.get('idempotent-replayed')).toBe('true');
  });

  it.each([
    ['before_store', 0, 'none'],
    ['after_store', 1, 'stored'],
  ])('gives no answer, %s', async (when, stored, effect) => {
    const order = newOrder();
    await addFault(order, { kind: 'no_answer', when });
    await expect(create(order, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await ordersOf(order)).toHaveLength(stored);
    expect(await attemptsOf(order)).toMatchObject([{ fault: 'no_answer', answer: 'nothing', status: null, effect }]);
    expect((await create(order)).status).toBe(201);
  });

  it.each([
    ['before_store', 0, 'none'],
    ['after_store', 1, 'stored'],
  ])('resets the connection, %s', async (when, stored, effect) => {
    const order = newOrder();
    await addFault(order, { kind: 'reset', when });
    await expect(create(order)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await ordersOf(order)).toHaveLength(stored);
    expect(await attemptsOf(order)).toMatchObject([{ fault: 'reset', answer: 'reset', status: null, effect }]);
    expect((await create(order)).status).toBe(201);
  });

  it('answers 201 with broken JSON, the order stored', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'malformed_body' });
    const response = await create(order);
    expect([response.status, response.headers.get('content-type')]).toEqual([201, expect.stringMatching(/json/)]);
    await expect(response.json()).rejects.toThrow('JSON');
    expect(await ordersOf(order)).toHaveLength(1);
  });

  it('answers 201 with an id missing or with empty ids, the order stored', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'incomplete_body' });
    await addFault(order, { kind: 'incomplete_body', variant: 'empty' });
    const bodies: unknown[] = [await (await create(order)).json(), await (await create(order)).json()];
    const [stored] = await ordersOf(order);
    expect(bodies).toEqual([
      { ridendine_order_id: stored?.ridendine_order_id },
      { ridendine_order_id: '', payment_session_id: '' },
    ]);
  });

  it('redirects elsewhere and stores nothing', async () => {
    const order = newOrder();
    const location = 'https://elsewhere.example/orders/create';
    await addFault(order, { kind: 'redirect', location });
    const response = await create(order);
    expect([response.status, response.headers.get('location')]).toEqual([307, location]);
    expect(await ordersOf(order)).toEqual([]);
  });

  it('strikes as often as planned, in the order of planning, and only whom it is meant for', async () => {
    const [order, sameQuote, other] = [newOrder(), newOrder(), newOrder()];
    sameQuote.quote_id = order.quote_id;
    await addFault(order, { kind: 'status', status: 500, times: 2 });
    await addFault(order, { kind: 'status', status: 503, external_order_id: undefined, quote_id: order.quote_id });

    expect((await create(other)).status).toBe(201);
    expect([(await create(order)).status, (await create(order)).status]).toEqual([500, 500]);
    expect((await create(sameQuote)).status).toBe(503);
    expect([(await create(order)).status, (await create(sameQuote)).status]).toEqual([201, 201]);
  });

  it('strikes until it is removed if its times are null', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'status', status: 500, times: null });
    for (const _ of [1, 2, 3]) expect((await create(order)).status).toBe(500);
    await control('/faults', { method: 'DELETE' });
    expect((await create(order)).status).toBe(201);
  });

  it('is not used up by a call without the credential, nor, if it strikes after storing, by a refused one', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'reset', when: 'after_store' });
    expect((await create(order, { authorization: null })).status).toBe(401);
    expect((await create(order, { body: JSON.stringify({ ...order, items: [] }) })).status).toBe(422);
    await expect(create(order)).rejects.toThrow('fetch failed');
  });

  it('is listed with what is left of it, and removed one by one', async () => {
    const order = newOrder();
    const fault = { kind: 'status', status: 500, times: 3, external_order_id: order.external_order_id };
    const added = z
      .looseObject({ id: z.string() })
      .parse(await (await control('/faults', { method: 'POST', json: fault })).json());
    await create(order);

    expect(await (await control('/faults')).json()).toEqual({
      faults: [{ id: added.id, ...fault, json: true, times_left: 2, times_used: 1 }],
    });
    const removed = await control(`/faults/${added.id}`, { method: 'DELETE' });
    expect(await removed.json()).toEqual({ removed: 1 });
    expect(await (await control('/faults')).json()).toEqual({ faults: [] });
  });

  it.each([
    [{ kind: 'earthquake' }, '#/kind'],
    [{ kind: 'status' }, '#/status'],
    [{ kind: 'status', status: 500, times: 0 }, '#/times'],
    [{ kind: 'reset', when: 'later' }, '#/when'],
    [{ kind: 'latency', ms: 5, milliseconds: 5 }, '#/milliseconds'],
  ])('is refused if it makes no sense: %j', async (json, pointer) => {
    const response = await control('/faults', { method: 'POST', json });
    expect(response.status).toBe(422);
    expect((await problemOf(response)).errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('is accepted as every example of README.md has it', async () => {
    const readme = await readFile(new URL('../../sandbox/ridendine/README.md', import.meta.url), 'utf8');
    const examples = [...readme.matchAll(/"\$FAULTS" -d '(.+)'/g)].map((match) => match[1] ?? '');
    expect(examples.length).toBeGreaterThan(10);
    for (const example of examples) {
      const response = await control('/faults', { method: 'POST', json: JSON.parse(example) });
      expect([example, response.status]).toEqual([example, 201]);
    }
  });
});

describe('the control API and the rest', () => {
  it.each(['GET /sandbox/orders', 'GET /sandbox/attempts', 'GET /sandbox/faults', 'POST /sandbox/faults'])(
    'wants the credential: %s',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const response = await fetch(`${baseUrl}${path}`, { method, headers: { authorization: 'Bearer wrong' } });
      expect(response.status).toBe(401);
      await problemOf(response);
    },
  );

  it('never deletes orders', async () => {
    const order = newOrder();
    await create(order);
    expect((await control('/orders', { method: 'DELETE' })).status).toBe(404);
    expect(await ordersOf(order)).toHaveLength(1);
  });

  it('refuses a filter that it does not know rather than listing everything', async () => {
    expect((await control('/orders?external_id=1')).status).toBe(422);
  });

  it('says that it is healthy, without a credential', async () => {
    expect((await fetch(`${baseUrl}/healthz`)).status).toBe(200);
  });

  it('answers an unknown path as a plain web server would, without JSON', async () => {
    const response = await fetch(`${baseUrl}/v2/orders/create`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      404,
      expect.stringMatching(/^text\/plain/),
    ]);
  });

  it('logs one line a request, with nothing of the body or the credential', async () => {
    const order = newOrder();
    await addFault(order, { kind: 'reset' });
    const before = logLines.length;
    await expect(create(order)).rejects.toThrow('fetch failed');
    await create(order);
    await ordersOf(order);
    // The log line of the request that added the fault may come late.
    const newLines = () => logLines.slice(before).filter((line) => !line.includes('/sandbox/faults'));
    await pWaitFor(() => newLines().length >= 3);

    const lines = newLines();
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { method: 'POST', route: '/orders/create', status: null, answer: 'reset' },
      { method: 'POST', route: '/orders/create', status: 201, effect: 'stored' },
      { method: 'GET', route: '/sandbox/orders', status: 200 },
    ]);
    const text = lines.join('');
    const { name, phone, email } = order.customer;
    for (const word of [name, phone, email, '1 Example Street', 'Soup', order.external_order_id, API_KEY]) {
      expect(text).not.toContain(word);
    }
  });
});

function environmentFor(name: string): Record<string, string> {
  return { SANDBOX_API_KEY: API_KEY, SANDBOX_PORT: '0', SANDBOX_DATA_FILE: join(folder, `${name}.db`) };
}

async function post(url: string, path: string, body: string, key = randomUUID()): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', 'idempotency-key': key },
    body,
  });
}

describe('the process', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const main = join(root, 'sandbox/ridendine/main.ts');
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function launch(environment: Record<string, string>) {
    return spawnIt(process.execPath, [main], environment);
  }

  function spawnIt(command: string, args: string[], environment: Record<string, string>) {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    const exit = once(child, 'close').then(([code]: unknown[]) => ({ code, errors }));
    return { child, exit };
  }

  function launchListening(environment: Record<string, string>) {
    return listening(launch(environment));
  }

  async function listening(launched: ReturnType<typeof launch>) {
    for await (const line of createInterface({ input: launched.child.stdout })) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (url !== undefined) {
        launched.child.stdout.resume();
        return { ...launched, url };
      }
    }
    throw new Error(`The sandbox ended: ${(await launched.exit).errors}`);
  }

  it('names every wrong setting at once, and no value', async () => {
    const { code, errors } = await launch({
      SANDBOX_PORT: '70000',
      SANDBOX_API_KEY: 'not a good secret',
    }).exit;
    expect(code).toBe(1);
    expect(errors).toMatch(/SANDBOX_PORT.*\n.*SANDBOX_API_KEY/);
    expect(errors).not.toMatch(/70000|good secret/);
  });

  it('says that its credential is missing', async () => {
    expect(await launch({}).exit).toEqual({ code: 1, errors: expect.stringContaining('SANDBOX_API_KEY is required') });
  });

  it('is started alone by the command of README.md, and then does what the other commands ask', async () => {
    const readme = await readFile(new URL('../../sandbox/ridendine/README.md', import.meta.url), 'utf8');
    const samples = (kind: string) =>
      [...readme.matchAll(new RegExp(`^\`\`\`sh ${kind}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);
    const { url } = await listening(
      spawnIt(
        'bash',
        [
          '-euo',
          'pipefail',
          '-c',
          samples('alone')
            .join('')
            .replace(/^node_modules/m, 'exec $&'),
        ],
        {
          PATH: process.env['PATH'] ?? '',
          SANDBOX_PORT: '0',
          SANDBOX_DATA_FILE: join(folder, 'alone.db'),
        },
      ),
    );
    const [, key] = /^export (SANDBOX_API_KEY=.*)$/m.exec(samples('alone').join('')) ?? [];
    const commands = samples('runs').join('\n').replaceAll('http://127.0.0.1:4010', url);
    // If one command is refused, the whole script fails.
    const strict = `export ${key}\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n`;

    const { stdout } = await execa('bash', ['-euo', 'pipefail', '-c', strict + commands], { stdin: 'ignore' });

    expect(stdout).toContain('"id":"fault_1"');
  });

  it('says in one sentence that its port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = z.object({ port: z.number() }).parse(holder.address());
    const { code, errors } = await launch({ ...environmentFor('taken'), SANDBOX_PORT: String(port) }).exit;
    holder.close();

    expect(code).toBe(1);
    expect(errors).toBe(
      `Port ${port} on 127.0.0.1 is taken by another program: end that program or set SANDBOX_PORT.\n`,
    );
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends cleanly at %s, and does not wait for calls that hang',
    async (signal) => {
      const order = newOrder();
      const { child, exit, url } = await launchListening(environmentFor(`stop-${signal}`));
      const attempts = async () => {
        const headers = { authorization: `Bearer ${API_KEY}` };
        const response = await fetch(`${url}/sandbox/attempts`, { headers });
        return listedAttempts.parse(await response.json()).attempts.length;
      };
      await post(url, '/sandbox/faults', '{"kind":"no_answer","when":"after_store"}');
      await post(url, '/sandbox/faults', '{"kind":"latency","ms":60000}');
      const hanging = [JSON.stringify(order), JSON.stringify(newOrder())].map(async (body) =>
        expect(post(url, '/orders/create', body)).rejects.toThrow('fetch failed'),
      );
      await pWaitFor(async () => (await attempts()) === 2);

      child.kill(signal);
      expect(await exit).toEqual({ code: 0, errors: '' });
      await Promise.all(hanging);
    },
  );

  it('loses no order that it has answered, though it is killed at once', async () => {
    const environment = environmentFor('killed');
    const first = await launchListening(environment);
    const orders = Array.from({ length: 20 }, newOrder);
    const replies = await Promise.all(
      orders.map(async (order) => {
        const response = await post(first.url, '/orders/create', JSON.stringify(order), order.external_order_id);
        return response.text();
      }),
    );
    first.child.kill('SIGKILL');
    await first.exit;

    const second = await launchListening(environment);
    for (const [index, order] of orders.entries()) {
      const again = await post(second.url, '/orders/create', JSON.stringify(order), order.external_order_id);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(await again.text()).toBe(replies[index]);
    }
  });
});
