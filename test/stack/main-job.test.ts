import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { directusCaller } from '../support/directus-http.ts';
import type { OrderRow } from '../support/order-world.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';

let world: RunningStack;
beforeAll(async () => {
  world = await startRunningStack({ GATEWAY_WAIT_MS: '60000', QUOTE_GRACE: '1s' });
}, 360_000);
afterAll(() => world.stop());

describe('a confirmed checkout', () => {
  it('becomes one order in Directus and one at RideNDine, linked, and a completed workflow', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const response = await world.post(key, checkout);
    const answer = await body(response);

    expect(response.status).toBe(201);
    const order = await onlyOrderOf(checkout.quote_id);
    expect(order).toMatchObject({
      status: 'PENDING_PAYMENT',
      payment_status: 'PENDING',
      quote_id: checkout.quote_id,
      active_quote_id: checkout.quote_id,
      customer: checkout.customer_id,
      fulfillment_method: 'DELIVERY',
      shipping_snapshot: checkout.shipping_snapshot,
      customer_note: checkout.customer_note,
      idempotency_key: key,
      workflow_id: `order-creation-${key}`,
      failure_code: null,
    });
    const [partnerOrder, ...others] = await world.sandboxOrdersOf(order.id);
    expect(others).toEqual([]);
    expect(partnerOrder?.idempotency_key).toBe(`cooco_order_${order.id}`);
    expect(partnerOrder?.raw_body).toBe(order['ridendine_request']);
    expect(answer).toEqual({
      order_id: order.id,
      ridendine_order_id: partnerOrder?.ridendine_order_id,
      payment_session_id: partnerOrder?.payment_session_id,
      status: 'PENDING_PAYMENT',
      payment_status: 'PENDING',
    });
    expect(order).toMatchObject({
      ridendine_order_id: answer['ridendine_order_id'],
      payment_session_id: answer['payment_session_id'],
    });
    const workflow = await world.temporal.workflow.getHandle(`order-creation-${key}`).describe();
    expect(workflow.status.name).toBe('COMPLETED');
  });

  it('is shown to support staff, who cannot change it', async () => {
    const checkout = await world.newCheckout();
    await world.post(randomUUID(), checkout);
    const { id } = await onlyOrderOf(checkout.quote_id);
    const { urls, supportLogin } = world.stack;
    const everybody = directusCaller({ url: urls.directus });
    const { data: session } = await everybody('POST', '/auth/login', supportLogin);
    const { access_token: token } = session as { access_token: string };
    const support = directusCaller({ url: urls.directus, token });

    expect((await support('GET', `/items/orders/${id}`)).data).toMatchObject({ id, quote_id: checkout.quote_id });
    expect((await support('PATCH', `/items/orders/${id}`, { status: 'CANCELLED' })).codes).toEqual(['FORBIDDEN']);
  });

  it('keeps every line of the cart, in the order of the cart', async () => {
    const checkout = await world.newCheckout();

    await world.post(randomUUID(), checkout);

    const order = await onlyOrderOf(checkout.quote_id);
    const snapshot = order['items_snapshot'] as Record<string, unknown>[];
    expect(snapshot.length).toBeGreaterThan(1);
    expect(order.order_items.toSorted((a, b) => Number(a['sort']) - Number(b['sort']))).toMatchObject(
      snapshot.map((line, index) => ({
        sort: index + 1,
        menu_item_id: line['menu_item_id'],
        name: line['name'],
        quantity: line['quantity'],
        unit_price: String(line['unit_price']),
      })),
    );
  });

  it('sent twice at once, and again later, makes one of each and answers the same ids', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const [first, second] = await Promise.all([world.post(key, checkout), world.post(key, checkout)]);
    const later = await world.post(key.toUpperCase(), checkout);

    expect(new Set([first.status, second.status])).toEqual(new Set([200, 201]));
    expect(later.status).toBe(200);
    expect(later.headers.get('idempotent-replayed')).toBe('true');
    const answers = [await body(first), await body(second), await body(later)];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const order = await onlyOrderOf(checkout.quote_id);
    await expect(world.sandboxOrdersOf(order.id)).resolves.toHaveLength(1);
  });

  it('is refused with every problem at once, and nothing is written', async () => {
    const checkout = await world.newCheckout();
    await world.patch(`/items/quotes/${checkout.quote_id}`, {
      expires_at: new Date(Date.now() - 1000).toISOString(),
      totals: { currency: 'usd', total: 100 },
    });
    const request = { ...checkout, shipping_snapshot: { ...checkout.shipping_snapshot, lat: 91 } };

    const response = await world.post(randomUUID(), request);
    const problem = await body(response);

    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(problem).toMatchObject({ code: 'CheckoutInvalid', status: 422, retryable: false });
    expect((problem['problems'] as { code: string; field: string }[]).map(({ code, field }) => [code, field])).toEqual([
      ['CheckoutInvalid', 'shipping_snapshot.lat'],
      ['QuoteExpired', 'quote_id'],
      ['CheckoutInvalid', 'quote.totals.currency'],
    ]);
    await expect(world.ordersOf(checkout.quote_id)).resolves.toEqual([]);
  });

  it('leaves the key free for a corrected payload after it was refused', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const refused = await world.post(key, { ...checkout, fulfillment_method: 'PICKUP', shipping_snapshot: null });
    const corrected = await world.post(key, checkout);

    expect([refused.status, corrected.status]).toEqual([422, 201]);
  });

  it('is refused as IdempotencyKeyReused when another checkout had the key', async () => {
    const key = randomUUID();
    const [checkout, other] = [await world.newCheckout(), await world.newCheckout()];
    await world.post(key, checkout);

    const response = await world.post(key, other);

    expect(response.status).toBe(422);
    expect(await body(response)).toMatchObject({ code: 'IdempotencyKeyReused' });
    await expect(world.ordersOf(other.quote_id)).resolves.toEqual([]);
  });

  it('makes one order when two keys are sent for one quote, and the other is QuoteAlreadyUsed', async () => {
    const checkout = await world.newCheckout();

    const responses = await Promise.all([world.post(randomUUID(), checkout), world.post(randomUUID(), checkout)]);

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const refused = responses.find(({ status }) => status === 409);
    const { id, idempotency_key } = await onlyOrderOf(checkout.quote_id);
    const problem = refused && (await body(refused));
    expect(problem).toMatchObject({ code: 'QuoteAlreadyUsed', used_by: { order_id: id, idempotency_key } });
    expect(problem?.['detail']).toBe(`Another live order was made from the quote: order ${id}.`);
    const lookedUp = await world.get(String(idempotency_key));
    expect(await body(lookedUp)).toMatchObject({ state: 'SUCCEEDED', order_id: id });
  });
});

describe('RideNDine in trouble', () => {
  it('that stores the order and drops the connection ends with one linked order', async () => {
    const checkout = await world.newCheckout();
    await world.addFault({ kind: 'reset', when: 'after_store', quote_id: checkout.quote_id });

    const response = await world.post(randomUUID(), checkout);

    expect(response.status).toBe(201);
    const order = await onlyOrderOf(checkout.quote_id);
    const partnerOrders = await world.sandboxOrdersOf(order.id);
    expect(partnerOrders).toMatchObject([{ ridendine_order_id: order['ridendine_order_id'] }]);
  });

  it('that turns requests away and wants no pause gets the order all the same', async () => {
    const checkout = await world.newCheckout();
    await world.addFault({ kind: 'status', status: 429, retry_after: 0, times: 2, quote_id: checkout.quote_id });

    const response = await world.post(randomUUID(), checkout);

    expect(response.status).toBe(201);
  });

  it('that turns requests away and then refuses the order leaves it FAILED: it cannot have it', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const { quote_id } = checkout;
    await world.addFault({ kind: 'status', status: 429, retry_after: 1, times: 2, quote_id });
    await world.addFault({ kind: 'status', status: 422, quote_id });

    const response = await world.post(key, checkout);

    expect(response.status).toBe(422);
    expect(await body(response)).toMatchObject({ code: 'RideNDineRejected' });
    await expect(onlyOrderOf(quote_id)).resolves.toMatchObject({
      status: 'FAILED',
      failure_code: 'RideNDineRejected',
      active_quote_id: null,
    });
    expect(await body(await world.get(key))).toMatchObject({ state: 'FAILED', stage: 'FAILED' });
  });

  it('that wants to be left alone for longer than the quote lives is asked once, and the order fails in time', async () => {
    const checkout = await world.newCheckout();
    const { quote_id } = checkout;
    await world.patch(`/items/quotes/${quote_id}`, { expires_at: new Date(Date.now() + 8000).toISOString() });
    await world.addFault({ kind: 'status', status: 429, retry_after: 3600, times: null, quote_id });

    const response = await world.post(randomUUID(), checkout);

    expect(await body(response)).toMatchObject({ status: 503, code: 'RideNDineRateLimited' });
    const order = await onlyOrderOf(quote_id);
    expect(order).toMatchObject({ status: 'FAILED', failure_code: 'RideNDineRateLimited' });
    await expect(world.sandboxAttemptsOf(order.id)).resolves.toHaveLength(1);
  });

  it('that refused an order gets the same order again when the customer tries again', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    await world.addFault({ kind: 'status', status: 422, quote_id: checkout.quote_id });
    await world.post(key, checkout);
    const failed = await onlyOrderOf(checkout.quote_id);

    const response = await world.post(key, checkout);

    expect(response.status).toBe(201);
    const order = await onlyOrderOf(checkout.quote_id);
    expect(order).toMatchObject({
      id: failed.id,
      ridendine_request: failed['ridendine_request'],
      status: 'PENDING_PAYMENT',
      failure_code: null,
      active_quote_id: checkout.quote_id,
    });
  });

  it('that refused an order keeps its key from another checkout, which shows nothing of the first', async () => {
    const key = randomUUID();
    const [checkout, other] = [await world.newCheckout(), await world.newCheckout()];
    await world.addFault({ kind: 'status', status: 422, quote_id: checkout.quote_id });
    await world.post(key, checkout);

    const reused = await world.post(key, other);

    expect(await body(reused)).toMatchObject({ status: 422, code: 'IdempotencyKeyReused' });
    await expect(world.ordersOf(other.quote_id)).resolves.toEqual([]);
    await expect(onlyOrderOf(checkout.quote_id)).resolves.toMatchObject({ status: 'FAILED' });
    expect(await body(await world.get(key))).toMatchObject({
      state: 'FAILED',
      failure: { code: 'RideNDineRejected' },
    });
  });

  it('that may have the order and then refuses it sends it to support staff, whose link completes it', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const { quote_id } = checkout;
    await world.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
    await world.addFault({ kind: 'status', status: 422, quote_id });

    const waiting = await world.post(key, checkout, { prefer: 'wait=5' });

    expect(waiting.status).toBe(202);
    expect(waiting.headers.get('retry-after')).toBe('3600');
    expect(await body(waiting)).toMatchObject({ state: 'IN_PROGRESS', stage: 'NEEDS_REVIEW' });
    const order = await onlyOrderOf(quote_id);
    expect(order).toMatchObject({ status: 'NEEDS_REVIEW', failure_code: 'RideNDineRejected' });
    const [partnerOrder] = await world.sandboxOrdersOf(order.id);
    const ids = {
      ridendine_order_id: partnerOrder?.ridendine_order_id,
      payment_session_id: partnerOrder?.payment_session_id,
    };

    await world.temporal.workflow
      .getHandle(`order-creation-${key}`)
      .executeUpdate('resolveReview', { args: [{ decision: 'link', ...ids, actor: 'agent-7', reason: 'Ticket 1' }] });

    const answer = await world.post(key, checkout);
    expect(answer.status).toBe(200);
    expect(await body(answer)).toMatchObject(ids);
    await expect(onlyOrderOf(quote_id)).resolves.toMatchObject({
      ...ids,
      status: 'PENDING_PAYMENT',
      failure_code: null,
    });
  });
});

describe('without a worker', () => {
  it('a checkout is accepted, waits, and is carried out when a worker is back', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    await world.stack.parts.worker.stop({ signal: 'SIGKILL' });

    const accepted = await world.post(key, checkout, { prefer: 'wait=1' });

    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('location')).toBe(`/v1/orders/${key}`);
    expect(await body(accepted)).toMatchObject({ state: 'IN_PROGRESS', stage: 'VALIDATING' });

    await world.stack.parts.worker.start();
    await pWaitFor(async () => (await body(await world.get(key)))['state'] === 'SUCCEEDED', {
      interval: 200,
      timeout: 60_000,
    });
    const order = await onlyOrderOf(checkout.quote_id);
    expect(await body(await world.get(key))).toMatchObject({
      order_id: order.id,
      payment_session_id: order['payment_session_id'],
    });
  }, 240_000);
});

describe('personal data', () => {
  it('stands in clear neither in what Temporal stores of all these orders nor in any log', async () => {
    const { shipping_snapshot, customer_note } = await world.newCheckout();
    const { address, instructions } = shipping_snapshot as { address: string; instructions: string };
    const personal = ['Customer One', '+1 555 0101', 'customer-one@example.com', address, instructions].concat(
      customer_note ?? [],
    );
    const dataDir = path.dirname(path.dirname(world.stack.parts.gateway.logFile));
    const logs = await filesIn(path.join(dataDir, 'logs'));
    const databases = (await filesIn(dataDir)).filter((file) => /^temporal-.*\.db/.test(path.basename(file)));
    const found: string[] = [];

    for (const file of [...logs, ...databases]) {
      const text = await readFile(file, 'utf8');
      found.push(
        ...personal.filter((datum) => text.includes(datum)).map((datum) => `${path.basename(file)}: ${datum}`),
      );
    }

    expect(logs.map((file) => path.basename(file))).toEqual(
      expect.arrayContaining(['worker.log', 'gateway.log', 'codec-server.log', 'temporal.log', 'directus.log']),
    );
    expect(databases.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });
});

describe('the gateway', () => {
  it.each([
    ['no credential', { authorization: '' }, 401, 'Unauthorized'],
    ['an unknown credential', { authorization: 'Bearer nobody-knows-this-key' }, 401, 'Unauthorized'],
    ['a key that is no UUID', { 'idempotency-key': 'order-1' }, 400, 'IdempotencyKeyInvalid'],
    ['another type of body', { 'content-type': 'text/plain' }, 415, 'UnsupportedMediaType'],
  ])('answers %s with a problem document', async (_what, headers, status, code) => {
    const response = await world.post(randomUUID(), await world.newCheckout(), headers);

    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await body(response)).toMatchObject({ code, status });
  });

  it('answers a body that is no JSON, is too large or has unknown fields with a problem document', async () => {
    const checkout = await world.newCheckout();

    const broken = await world.post(randomUUID(), '{"customer_id":');
    const large = await world.post(randomUUID(), { ...checkout, customer_note: 'x'.repeat(100_000) });
    const unknown = await world.post(randomUUID(), { ...checkout, totals: { total: 1 } });

    expect(await body(broken)).toMatchObject({ status: 400, code: 'MalformedRequest' });
    expect(await body(large)).toMatchObject({ status: 413, code: 'PayloadTooLarge' });
    expect(await body(unknown)).toMatchObject({
      status: 422,
      code: 'CheckoutInvalid',
      problems: [{ code: 'CheckoutInvalid', field: 'totals' }],
    });
  });

  it('knows no order under a key that nobody has used', async () => {
    const response = await world.get(randomUUID());

    expect(response.status).toBe(404);
    expect(await body(response)).toMatchObject({ code: 'OrderNotFound' });
  });
});

async function body(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

async function onlyOrderOf(quoteId: string): Promise<OrderRow> {
  const orders = await world.ordersOf(quoteId);
  expect(orders).toHaveLength(1);
  return orders[0] as OrderRow;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(folder, entry.name));
}
