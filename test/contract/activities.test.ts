import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { freePort } from '../support/free-port.ts';
import { newCheckout, newCheckoutRequest, newPickupRequest } from '../support/builders.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import type { LoopbackServer, ReceivedRequest } from '../support/loopback-servers.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

let directus: PreparedDirectus;
/** The activities of the run under test (`worker`) and of an earlier run. */
let worker: DirectusActivities;
let earlierRun: DirectusActivities;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  worker = activitiesAt(directus.url);
  earlierRun = activitiesAt(directus.url, { runId: 'run-0' });
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(() => directus.stop());

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function activitiesAt(url: string, options: Partial<Parameters<typeof workerActivities>[0]> = {}) {
  return workerActivities({ url, token: directus.token, ...options });
}

async function serverAnswering(answer: (response: ServerResponse, request: ReceivedRequest) => unknown) {
  const server = await startHttpServer(answer);
  servers.push(server);
  return server;
}

async function countRows(): Promise<number[]> {
  return [(await directus.rows('orders')).length, (await directus.rows('order_items')).length];
}

/** A request whose quote exists and is valid, except for `changes`. */
async function checkout(
  changes: Parameters<PreparedDirectus['addQuote']>[1] = {},
  request = newCheckoutRequest(),
): Promise<CheckoutRequest> {
  await directus.addQuote(request, changes);
  return request;
}

const open = (request: CheckoutRequest) => openStanding(worker, request);

/** A request whose order an earlier run has made, with `fields` changed as another phase or support staff would. */
async function orderOf(fields: Record<string, unknown> = {}, request?: CheckoutRequest) {
  const sent = request ?? (await checkout());
  const { order_id } = await earlierRun.createOrderRecord({
    request: sent,
    standing: await openStanding(earlierRun, sent),
  });
  if (Object.keys(fields).length > 0) await directus.change('orders', order_id, fields);
  return { request: sent, orderId: order_id };
}

async function rowOf(orderId: string) {
  const [row] = await directus.rows('orders', { id: { _eq: orderId } });
  if (!row) throw new Error('There is no such order.');
  return row;
}

/** The same customer wants to use the quote of `request` once more, under another key. */
function underAnotherKey(request: CheckoutRequest): CheckoutRequest {
  return { ...request, idempotency_key: randomUUID() };
}

async function expireQuote(request: CheckoutRequest) {
  await directus.change('quotes', request.quote_id, { expires_at: new Date(Date.now() - 1000).toISOString() });
}

const link = () => ({ ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` });

describe('validateCheckout', () => {
  it('takes a new, sound checkout, and writes nothing', async () => {
    const request = await checkout(
      {},
      newCheckoutRequest({ idempotency_key: '00000000-0000-4000-8000-000000000001', quote_id: 'quote-1' }),
    );
    const before = await countRows();

    const standing = await worker.validateCheckout(request);

    expect(standing).toMatchObject({
      kind: 'new',
      order_id: 'fb444879-793e-5e40-b2b0-72f80a4dc740',
      checkout: { quote_id: 'quote-1', merchant_id: 'merchant-1', customer: { name: 'Customer One' } },
    });
    expect(await countRows()).toEqual(before);
  });

  it('takes a key in capitals for the same key', async () => {
    const request = await checkout({}, newPickupRequest());

    const standing = await worker.validateCheckout({
      ...request,
      idempotency_key: request.idempotency_key.toUpperCase(),
    });

    expect(standing).toMatchObject({ order_id: (await open(request)).order_id });
  });

  it.each<[string, Parameters<PreparedDirectus['addQuote']>[1], string]>([
    ['an expired quote', { quote: { expires_at: '2020-01-01T00:00:00.000Z' } }, 'QuoteExpired'],
    ["another customer's quote", { quote: { customer: null } }, 'QuoteNotFound'],
    ['the other method', { quote: { fulfillment_method: 'PICKUP' } }, 'CheckoutInvalid'],
    ['an empty cart', { quote: { items_snapshot: [] } }, 'CheckoutInvalid'],
    ['a wrong subtotal', { quote: { totals: { currency: 'USD', total: 1, subtotal: 1 } } }, 'CheckoutInvalid'],
    ['a store without RideNDine', { store: { ridendine_merchant_id: null } }, 'StoreNotOnRideNDine'],
    [
      'a dish with a note that no database stores',
      {
        quote: {
          items_snapshot: [
            { menu_item_id: 'dish-1', name: 'First dish', quantity: 1, unit_price: 1000, note: 'a\u0000' },
          ],
        },
      },
      'CheckoutInvalid',
    ],
    ['a customer without a phone', { customer: { phone: null } }, 'CheckoutInvalid'],
  ])('refuses %s for good, by its own code, and writes nothing', async (_what, changes, type) => {
    const request = await checkout(changes);
    const before = await countRows();

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type, nonRetryable: true });
    expect(await countRows()).toEqual(before);
  });

  it('refuses a quote that is not there for good', async () => {
    const failure = await failureOf(worker.validateCheckout(newCheckoutRequest()));

    expect(failure).toMatchObject({ type: 'QuoteNotFound', nonRetryable: true });
  });

  it('calls several problems CheckoutInvalid, even where none of them is', async () => {
    const request = await checkout({
      quote: { expires_at: '2020-01-01T00:00:00.000Z' },
      store: { ridendine_merchant_id: null },
    });

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
  });

  it('reports several problems together, each with its own code and field', async () => {
    const request = await checkout(
      {
        quote: { expires_at: '2020-01-01T00:00:00.000Z', items_snapshot: null },
        store: { ridendine_merchant_id: null },
        customer: { email: '' },
      },
      newCheckoutRequest({ shipping_snapshot: { address: '1 Example Street', lat: 100, lng: 1 } }),
    );

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
    const [details] = failure.details as [{ problems: { code: string; field: string }[] }];
    expect(details.problems.map(({ code, field }) => `${code} ${field}`).toSorted()).toEqual([
      'CheckoutInvalid customer.email',
      'CheckoutInvalid quote.items_snapshot',
      'CheckoutInvalid shipping_snapshot.lat',
      'QuoteExpired quote_id',
      'StoreNotOnRideNDine store.ridendine_merchant_id',
    ]);
  });

  it('refuses for good a run that was started under another workflow id than that of its key', async () => {
    const request = await checkout();
    const strayed = workerActivities({
      url: directus.url,
      token: directus.token,
      workflowId: 'order-creation-by-hand',
    });

    const failure = await failureOf(strayed.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
    expect(failure.details).toMatchObject([{ problems: [{ field: 'idempotency_key' }] }]);
  });

  it.each([undefined, null, {}, 'canary', { ...newPickupRequest(), canary: 'canary' }, { quote_id: 'canary\u0000' }])(
    'refuses for good what somebody started by hand: %j',
    async (input) => {
      const failure = await failureOf(worker.validateCheckout(input as CheckoutRequest));

      expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
      expect(JSON.stringify([failure.message, failure.details])).not.toContain('canary');
    },
  );
});

describe('an order that is put back into review', () => {
  it('takes its quote again, unless another live order has it', async () => {
    const ended = { status: 'FAILED', failure_code: 'OrderNeedsReview', active_quote_id: null };
    const { request, orderId } = await orderOf(ended);
    const mark = { order_id: orderId, status: 'NEEDS_REVIEW', failure_code: null, failure_reason: null } as const;

    await expect(worker.markOrder({ ...mark, retake_quote: true })).resolves.toMatchObject({ kind: 'marked' });
    expect(await rowOf(orderId)).toMatchObject({ status: 'NEEDS_REVIEW', active_quote_id: request.quote_id });

    await directus.change('orders', orderId, ended);
    const other = underAnotherKey(request);
    await worker.createOrderRecord({ request: other, standing: await open(other) });

    await expect(worker.markOrder({ ...mark, retake_quote: true })).resolves.toMatchObject({ kind: 'marked' });
    expect(await rowOf(orderId)).toMatchObject({ status: 'NEEDS_REVIEW', active_quote_id: null });
  });
});

describe('validateCheckout for a key that has an order', () => {
  it('takes a lost run on where it was, without asking the rules again', async () => {
    const { request, orderId } = await orderOf();
    await expireQuote(request);
    await directus.change('customers', request.customer_id, { phone: null });

    const standing = await worker.validateCheckout(request);

    expect(standing).toMatchObject({ kind: 'unfinished', order_id: orderId });
  });

  it('takes an order that this very run has written for none: its task is repeated', async () => {
    const { request, orderId } = await orderOf();

    const standing = await earlierRun.validateCheckout(request);

    expect(standing).toMatchObject({ kind: 'new', order_id: orderId });
  });

  it('fails an order that this very run has written, if the checkout rules no longer hold', async () => {
    const { request, orderId } = await orderOf();
    await expireQuote(request);

    const failure = await failureOf(earlierRun.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'QuoteExpired', nonRetryable: true });
    expect(await rowOf(orderId)).toMatchObject({
      status: 'FAILED',
      failure_code: 'QuoteExpired',
      active_quote_id: null,
    });
  });

  it('fails an order that nobody has changed since it was written, if the run that wrote it has failed', async () => {
    const { request, orderId } = await orderOf();
    const asked: unknown[] = [];
    const later = activitiesAt(directus.url, {
      async findFailure(run, { askedBy }) {
        asked.push({ ...run, askedBy });
        return 'QuoteExpired';
      },
    });

    const standing = await later.validateCheckout(request);
    const failure = await failureOf(later.validateCheckout(continuing(request)));

    expect(standing).toMatchObject({ kind: 'failed', order_id: orderId });
    expect(failure).toMatchObject({ type: 'QuoteExpired', nonRetryable: true });
    const workflowId = `order-creation-${request.idempotency_key}`;
    expect(asked).toEqual([{ workflowId, runId: 'run-0', askedBy: 'run-1' }]);
    expect(await rowOf(orderId)).toMatchObject({ status: 'FAILED', active_quote_id: null });
  });

  it('cancels it, if that run was cancelled: Directus may come from an older backup', async () => {
    const { request, orderId } = await orderOf();
    const later = activitiesAt(directus.url, { findFailure: async () => 'OrderCancelled' });

    const failure = await failureOf(later.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'OrderCancelled', nonRetryable: true });
    expect(await rowOf(orderId)).toMatchObject({ status: 'CANCELLED', failure_code: null, active_quote_id: null });
  });

  it('takes the order as it is by then, if somebody changes it while Temporal is asked', async () => {
    const { request, orderId } = await orderOf();
    const later = activitiesAt(directus.url, {
      async findFailure() {
        await directus.change('orders', orderId, { customer_note: 'Changed' });
        return 'QuoteExpired';
      },
    });

    const failure = await failureOf(later.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'DirectusUnavailable' });
    expect(failure.nonRetryable).toBeFalsy();
    expect(await rowOf(orderId)).toMatchObject({ status: 'PENDING_PAYMENT' });
    await expect(later.validateCheckout(request)).resolves.toMatchObject({ kind: 'unfinished' });
  });

  it('is tried again while Temporal does not say how its run ended', async () => {
    const { request } = await orderOf();
    const later = activitiesAt(directus.url, { findFailure: () => Promise.reject(new Error('UNAVAILABLE')) });

    const failure = await failureOf(later.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'TemporalUnavailable' });
    expect(failure.nonRetryable).toBeFalsy();
  });

  it('asks nobody about an order that was changed since it was written', async () => {
    const { request } = await orderOf({ customer_note: 'Changed' });
    const later = activitiesAt(directus.url, {
      findFailure: () => Promise.reject(new Error('It was asked.')),
    });

    await expect(later.validateCheckout(request)).resolves.toMatchObject({ kind: 'unfinished' });
  });

  it('takes a lost review back to review, without asking the rules again', async () => {
    const { request, orderId } = await orderOf({ status: 'NEEDS_REVIEW' });
    await expireQuote(request);

    const standing = await worker.validateCheckout(request);

    expect(standing).toMatchObject({ kind: 'unfinished', order_id: orderId });
  });

  it.each(['PENDING_PAYMENT', 'PAID', 'CANCELLED'])('answers with the link of an order that is %s', async (status) => {
    const ids = link();
    const { request, orderId } = await orderOf({ status, payment_status: 'CAPTURED', ...ids });
    await expireQuote(request);

    const standing = await worker.validateCheckout(request);

    expect(standing).toEqual({
      kind: 'linked',
      request_fingerprint: expect.any(String),
      result: { order_id: orderId, ...ids, status, payment_status: 'CAPTURED' },
      links: {
        order_page: `https://directus.example.com/admin/content/orders/${orderId}`,
        runbook: 'https://runbook.example.com/support',
      },
    });
  });

  it('continues a failed order with the rules applying again', async () => {
    const { request, orderId } = await orderOf({ status: 'FAILED', failure_code: 'RideNDineRejected' });

    const standing = await worker.validateCheckout(request);
    await expireQuote(request);
    const failure = await failureOf(worker.validateCheckout(request));

    expect(standing).toMatchObject({
      kind: 'failed',
      order_id: orderId,
      checkout: { quote_id: request.quote_id },
    });
    expect(failure).toMatchObject({ type: 'QuoteExpired', nonRetryable: true });
  });

  it('takes an order back to review that has a link: it is the link that support staff look at', async () => {
    const { request } = await orderOf({ status: 'NEEDS_REVIEW', failure_code: 'LinkConflict', ...link() });

    await expect(worker.validateCheckout(request)).resolves.toMatchObject({ kind: 'unfinished' });
  });

  it.each([
    ['support staff abandoned', { status: 'FAILED', failure_code: 'OrderNeedsReview' }, 'OrderNeedsReview'],
    [
      'support staff abandoned though it has a link',
      { status: 'FAILED', failure_code: 'OrderNeedsReview', ...link() },
      'OrderNeedsReview',
    ],
    ['failed and is linked all the same', { status: 'FAILED', ...link() }, 'OrderNeedsReview'],
    ['was cancelled', { status: 'CANCELLED' }, 'OrderCancelled'],
  ])('does not continue an order that %s', async (_what, fields, type) => {
    const { request } = await orderOf(fields);

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type, nonRetryable: true });
  });

  it('does not touch an order that a later phase has and that is not linked', async () => {
    const { request, orderId } = await orderOf({ status: 'PAID' });
    const before = await rowOf(orderId);

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'OrderNeedsReview', nonRetryable: true });
    expect(await rowOf(orderId)).toEqual(before);
  });

  it.each([
    {},
    { status: 'NEEDS_REVIEW' },
    { status: 'FAILED' },
    { status: 'FAILED', failure_code: 'OrderNeedsReview' },
    { status: 'CANCELLED' },
    { status: 'PAID' },
    { status: 'PENDING_PAYMENT', ridendine_order_id: 'canary', payment_session_id: 'canary' },
  ])('refuses another payload, and shows nothing of the order: %j', async (fields) => {
    const { request, orderId } = await orderOf();
    const { ridendine_order_id, ...others } = fields as { ridendine_order_id?: string };
    const unique = ridendine_order_id && { ridendine_order_id: `${ridendine_order_id}-${orderId}` };
    await directus.change('orders', orderId, { ...others, ...unique });

    const failure = await failureOf(worker.validateCheckout({ ...request, customer_note: 'Another note.' }));

    expect(failure).toMatchObject({ type: 'IdempotencyKeyReused', nonRetryable: true });
    expect(JSON.stringify([failure.message, failure.details])).not.toMatch(/canary|[0-9a-f]{8}-/);
  });

  it('refuses another payload even where the quote in it is not there', async () => {
    const { request } = await orderOf();

    const failure = await failureOf(worker.validateCheckout({ ...request, quote_id: `quote-${randomUUID()}` }));

    expect(failure).toMatchObject({ type: 'IdempotencyKeyReused' });
  });
});

const continuing = ({ idempotency_key }: CheckoutRequest) => ({ idempotency_key, continue_order: true }) as const;

describe('validateCheckout for an order that is to be continued', () => {
  it.each(['PENDING_PAYMENT', 'NEEDS_REVIEW'])(
    'takes one that is %s on where it was, though its quote is gone and its address was corrected',
    async (status) => {
      const { request, orderId } = await orderOf({ status, shipping_snapshot: { address: 'Corrected by hand' } });
      await expireQuote(request);

      await expect(worker.validateCheckout(continuing(request))).resolves.toMatchObject({
        kind: 'unfinished',
        order_id: orderId,
      });
    },
  );

  it('answers with the link that was made meanwhile', async () => {
    const ids = link();
    const { request } = await orderOf(ids);

    await expect(worker.validateCheckout(continuing(request))).resolves.toMatchObject({
      kind: 'linked',
      result: ids,
    });
  });

  it.each([
    [{ status: 'FAILED', failure_code: 'RideNDineRejected', failure_reason: 'Refused.' }, 'RideNDineRejected'],
    [{ status: 'FAILED', failure_code: 'OrderNeedsReview' }, 'OrderNeedsReview'],
    [{ status: 'CANCELLED' }, 'OrderCancelled'],
  ])('leaves one alone that has ended meanwhile: %j', async (fields, type) => {
    const { request, orderId } = await orderOf(fields);
    const before = await rowOf(orderId);

    const failure = await failureOf(worker.validateCheckout(continuing(request)));

    expect(failure).toMatchObject({ type, nonRetryable: true });
    expect(await rowOf(orderId)).toEqual(before);
  });

  it('ends where there is no order', async () => {
    const failure = await failureOf(worker.validateCheckout(continuing(newCheckoutRequest())));

    expect(failure).toMatchObject({ type: 'OrderNeedsReview', nonRetryable: true });
  });
});

describe('createOrderRecord', () => {
  it('writes the order, its items and the frozen body, and says until when it may be sent', async () => {
    const request = await checkout(
      { quote: { expires_at: '2030-05-01T12:00:00.000Z' }, store: { ridendine_merchant_id: 'merchant-7' } },
      newCheckoutRequest({
        customer_id: '00000000-0000-4000-8000-00000000000d',
        idempotency_key: '7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c',
        quote_id: 'quote-2',
        shipping_snapshot: { floor: 3, address: '1 Example Street', lat: 10.5, lng: 106.25 },
      }),
    );

    const record = await worker.createOrderRecord({ request, standing: await open(request) });

    const body =
      '{"quote_id":"quote-2",' +
      '"external_order_id":"2cb5c7e0-f634-50de-998a-26e21267da8a",' +
      '"merchant_id":"merchant-7",' +
      '"customer":{"external_id":"00000000-0000-4000-8000-00000000000d","name":"Customer One",' +
      '"phone":"+1 555 0100","email":"customer-one@example.com"},' +
      '"fulfillment":{"type":"DELIVERY","address":"1 Example Street","lat":10.5,"lng":106.25},' +
      '"items":[{"menu_item_id":"dish-1","name":"First dish","quantity":2,"unit_price":450,"options":["large"],' +
      '"note":"No salt."},{"menu_item_id":"dish-2","name":"Second dish","quantity":1,"unit_price":100}],' +
      '"totals":{"currency":"USD","subtotal":1000,"delivery_fee":300,"total":1300}}';
    const row = await rowOf('2cb5c7e0-f634-50de-998a-26e21267da8a');
    expect(row).toMatchObject({
      status: 'PENDING_PAYMENT',
      payment_status: 'PENDING',
      quote_id: 'quote-2',
      active_quote_id: 'quote-2',
      ridendine_request: body,
      totals: { currency: 'USD', subtotal: 1000, delivery_fee: 300, total: 1300 },
      shipping_snapshot: { floor: 3, address: '1 Example Street', lat: 10.5, lng: 106.25 },
      workflow_id: 'order-creation-7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c',
      workflow_run_id: 'run-1',
      failure_code: null,
      failure_reason: null,
    });
    expect(record).toEqual({
      run_id: 'run-1',
      order_id: '2cb5c7e0-f634-50de-998a-26e21267da8a',
      ridendine_request: body,
      review: null,
      maybe_sent_before: false,
      not_sent_deadline: '2030-05-01T12:05:00.000Z',
      key_deadline: expect.any(String),
      attempt_timeout_ms: 12_000,
      review_window_ms: 604_800_000,
    });
    expect(Date.parse(record.key_deadline) - Date.parse(String(row['date_created']))).toBe(82_800_000);
    const items = await directus.rows('order_items', { order: { _eq: record.order_id } });
    expect(items.map((item) => String(item['id'])).toSorted()).toEqual([
      '7d5b2939-bf95-592f-8d5e-63d6ec6d34bc',
      'd1a94eff-5153-57a3-a158-30b579c3a6b3',
    ]);
  });

  it('takes over what an earlier run has written meanwhile: it does not follow that run’s end any more', async () => {
    const request = await checkout();
    const standing = await open(request);
    const late = await earlierRun.createOrderRecord({ request, standing: await openStanding(earlierRun, request) });

    const record = await worker.createOrderRecord({ request, standing });

    expect(record).toMatchObject({ order_id: late.order_id, maybe_sent_before: false });
    const asked = activitiesAt(directus.url, {
      runId: 'run-2',
      findFailure: () => Promise.reject(new Error('It was asked.')),
    });
    await expect(asked.validateCheckout(request)).resolves.toMatchObject({ kind: 'unfinished' });
  });

  it('done twice is done once', async () => {
    const request = await checkout();
    const standing = await open(request);
    const first = await worker.createOrderRecord({ request, standing });
    const before = await countRows();

    const again = await worker.createOrderRecord({ request, standing });

    expect(again).toEqual(first);
    expect(await countRows()).toEqual(before);
  });

  it('finds its own order after an attempt whose answer was lost', async () => {
    const request = await checkout();
    const standing = await open(request);
    let dropped = 0;
    const proxy = await serverAnswering(async (response, { method, path, headers, body }) => {
      const answer = await fetch(`${directus.url}${path}`, {
        method: method ?? 'GET',
        headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
        body: method === 'GET' ? null : Uint8Array.from(body),
      });
      const text = await answer.text();
      if (method === 'POST' && dropped === 0) {
        dropped += 1;
        response.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    });
    const behindProxy = activitiesAt(proxy.url);

    const failure = await failureOf(behindProxy.createOrderRecord({ request, standing }));
    const record = await behindProxy.createOrderRecord({ request, standing });

    expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
    expect(dropped).toBe(1);
    expect(record).toMatchObject({ order_id: standing.order_id, maybe_sent_before: false });
    expect(await directus.rows('orders', { quote_id: { _eq: request.quote_id } })).toHaveLength(1);
    expect(await directus.rows('order_items', { order: { _eq: standing.order_id } })).toHaveLength(2);
  });

  it('finds the order of the run that was reset to before it: that one may have sent it', async () => {
    const request = await checkout();
    const standing = await open(request);
    const first = await worker.createOrderRecord({ request, standing });

    const again = await activitiesAt(directus.url, { runId: 'run-2' }).createOrderRecord({ request, standing });

    expect(again).toEqual({
      ...first,
      run_id: 'run-2',
      maybe_sent_before: true,
      not_sent_deadline: first.key_deadline,
    });
  });

  it.each([
    ['linked', link],
    ['failed', () => ({ status: 'FAILED' })],
    ['taken on by a later phase', () => ({ status: 'PAID' })],
  ])('leaves an order alone that the run before its reset has brought on: %s', async (_what, fields) => {
    const request = await checkout();
    const standing = await open(request);
    const { order_id } = await worker.createOrderRecord({ request, standing });
    await directus.change('orders', order_id, fields());
    const before = await rowOf(order_id);

    const failure = await failureOf(
      activitiesAt(directus.url, { runId: 'run-2' }).createOrderRecord({ request, standing }),
    );

    expect(failure).toMatchObject({ type: 'OrderNeedsReview', nonRetryable: true });
    expect(await rowOf(order_id)).toEqual(before);
  });

  it('goes on with a review for the reason for which it was opened', async () => {
    const reason = 'RideNDine refused the order (422).';
    const { request } = await orderOf({
      status: 'NEEDS_REVIEW',
      failure_code: 'RideNDineRejected',
      failure_reason: reason,
    });

    const record = await worker.createOrderRecord({ request, standing: await open(request) });

    expect(record.review).toEqual({ code: 'RideNDineRejected', reason });
  });

  it('refuses a quote that has another live order, and writes nothing', async () => {
    const { request } = await orderOf();
    const second = underAnotherKey(request);
    const standing = await open(second);
    const before = await countRows();

    const failure = await failureOf(worker.createOrderRecord({ request: second, standing }));

    expect(failure).toMatchObject({ type: 'QuoteAlreadyUsed', nonRetryable: true });
    expect(await countRows()).toEqual(before);
  });

  it('refuses another payload that was first under the same key, and leaves its order', async () => {
    const request = await checkout();
    const other = { ...request, customer_note: 'Another note.' };
    const standing = await open(request);
    const { orderId } = await orderOf({}, other);
    const before = await rowOf(orderId);

    const failure = await failureOf(worker.createOrderRecord({ request, standing }));

    expect(failure).toMatchObject({ type: 'IdempotencyKeyReused', nonRetryable: true });
    expect(await rowOf(orderId)).toEqual(before);
  });

  it('brings a failed order back to life, with the body that was frozen first', async () => {
    const { request, orderId } = await orderOf();
    const { ridendine_request } = await rowOf(orderId);
    await worker.markOrder({
      order_id: orderId,
      status: 'FAILED',
      failure_code: 'RideNDineRejected',
      failure_reason: 'RideNDine refused the order (422).',
    });
    await directus.change('customers', request.customer_id, { name: 'Customer Renamed' });

    const record = await worker.createOrderRecord({ request, standing: await open(request) });

    expect(record).toMatchObject({ order_id: orderId, ridendine_request, maybe_sent_before: false });
    expect(await rowOf(orderId)).toMatchObject({
      status: 'PENDING_PAYMENT',
      active_quote_id: request.quote_id,
      failure_code: null,
      failure_reason: null,
      ridendine_request,
    });
  });

  it('leaves a failed order failed whose quote has made another order since', async () => {
    const { request, orderId } = await orderOf({
      status: 'FAILED',
      active_quote_id: null,
      failure_code: 'RideNDineRejected',
    });
    const standing = await open(request);
    await orderOf({}, underAnotherKey(request));

    const failure = await failureOf(worker.createOrderRecord({ request, standing }));

    expect(failure).toMatchObject({ type: 'QuoteAlreadyUsed', nonRetryable: true });
    expect(await rowOf(orderId)).toMatchObject({ status: 'FAILED', failure_code: 'RideNDineRejected' });
  });

  it.each(['PENDING_PAYMENT', 'NEEDS_REVIEW'])(
    'takes an order that is %s on, and changes only which run carries it: it may have been sent, until RideNDine forgets its key',
    async (status) => {
      const { request, orderId } = await orderOf({ status });
      const before = await rowOf(orderId);
      const standing = await open(request);

      const record = await worker.createOrderRecord({ request, standing });

      expect(record).toMatchObject({
        order_id: orderId,
        ridendine_request: before['ridendine_request'],
        maybe_sent_before: true,
        not_sent_deadline: record.key_deadline,
      });
      expect(Date.parse(record.key_deadline) - Date.parse(String(before['date_created']))).toBe(82_800_000);
      expect(await rowOf(orderId)).toEqual({
        ...before,
        workflow_run_id: 'run-1',
        date_updated: expect.any(String),
      });
    },
  );
});

describe('saveLinkIds', () => {
  it('writes the ids, and answers with the order', async () => {
    const { orderId } = await orderOf();
    const ids = link();

    const result = await worker.saveLinkIds({ order_id: orderId, link: ids });

    expect(result).toEqual({ order_id: orderId, ...ids, status: 'PENDING_PAYMENT', payment_status: 'PENDING' });
    expect(await rowOf(orderId)).toMatchObject(ids);
  });

  it('done twice is done once', async () => {
    const { orderId } = await orderOf();
    const ids = link();
    const first = await worker.saveLinkIds({ order_id: orderId, link: ids });

    expect(await worker.saveLinkIds({ order_id: orderId, link: ids })).toEqual(first);
  });

  it('meets a conflict where a person has typed the payment session of another order', async () => {
    const [{ orderId: other }, { orderId }] = [await orderOf(), await orderOf()];
    const ids = link();
    await worker.saveLinkIds({ order_id: other, link: ids });
    const mistaken = { ...link(), payment_session_id: ids.payment_session_id };

    const failure = await failureOf(
      worker.saveLinkIds({ order_id: orderId, link: mistaken, typed_by_hand: { ids_checked: true } }),
    );
    const again = await worker.saveLinkIds({ order_id: other, link: ids, typed_by_hand: { ids_checked: true } });

    expect(failure).toMatchObject({ type: 'LinkConflict', nonRetryable: true });
    expect(await rowOf(orderId)).toMatchObject({ ridendine_order_id: null, payment_session_id: null });
    expect(again).toMatchObject(ids);
  });

  it('leaves the status of a later phase', async () => {
    const { orderId } = await orderOf({ status: 'PAID', payment_status: 'CAPTURED' });

    const result = await worker.saveLinkIds({ order_id: orderId, link: link() });

    expect(result).toMatchObject({ status: 'PAID', payment_status: 'CAPTURED' });
    expect(await rowOf(orderId)).toMatchObject({ status: 'PAID', payment_status: 'CAPTURED' });
  });

  it.each(['ridendine_order_id', 'payment_session_id'] as const)(
    'meets a conflict where the order has another %s, and changes nothing',
    async (field) => {
      const { orderId } = await orderOf();
      const ids = link();
      await worker.saveLinkIds({ order_id: orderId, link: ids });

      const failure = await failureOf(worker.saveLinkIds({ order_id: orderId, link: { ...ids, [field]: 'canary' } }));

      expect(failure).toMatchObject({ type: 'LinkConflict', nonRetryable: true });
      expect(failure.message).not.toContain('canary');
      expect(await rowOf(orderId)).toMatchObject(ids);
    },
  );

  it('meets a conflict where another order has the RideNDine order, and changes nothing', async () => {
    const [other, { orderId }] = [await orderOf(), await orderOf()];
    const ids = link();
    await worker.saveLinkIds({ order_id: other.orderId, link: ids });

    const failure = await failureOf(worker.saveLinkIds({ order_id: orderId, link: ids }));

    expect(failure).toMatchObject({ type: 'LinkConflict', nonRetryable: true });
    expect(await rowOf(orderId)).toMatchObject({ ridendine_order_id: null, payment_session_id: null });
  });

  it('completes a link of which only the RideNDine id was written', async () => {
    const ids = link();
    const { orderId } = await orderOf({ ridendine_order_id: ids.ridendine_order_id });

    await worker.saveLinkIds({ order_id: orderId, link: ids });

    expect(await rowOf(orderId)).toMatchObject(ids);
  });

  it.each(['FAILED', 'CANCELLED'])('meets a conflict where the order is %s, and changes nothing', async (status) => {
    const { orderId } = await orderOf({ status });
    const before = await rowOf(orderId);

    const failure = await failureOf(worker.saveLinkIds({ order_id: orderId, link: link() }));

    expect(failure).toMatchObject({ type: 'LinkConflict', nonRetryable: true });
    expect(await rowOf(orderId)).toEqual(before);
  });

  it('is tried again for an order that is not there: the RideNDine order must not be lost', async () => {
    const failure = await failureOf(worker.saveLinkIds({ order_id: randomUUID(), link: link() }));

    expect(failure).toMatchObject({ nonRetryable: false });
  });
});

describe('markOrder', () => {
  const reason = 'RideNDine refused the order (422).';

  it.each([
    ['FAILED', 'RideNDineRejected', false],
    ['NEEDS_REVIEW', 'RideNDineUnavailable', true],
    ['CANCELLED', null, false],
    ['PENDING_PAYMENT', null, true],
  ] as const)('writes %s with its reason; the order then holds its quote or not', async (status, code, isLive) => {
    const { request, orderId } = await orderOf();
    const failureReason = code && reason;

    await worker.markOrder({
      order_id: orderId,
      status,
      failure_code: code,
      failure_reason: failureReason,
    });

    expect(await rowOf(orderId)).toMatchObject({
      status,
      failure_code: code,
      failure_reason: failureReason,
      active_quote_id: isLive ? request.quote_id : null,
    });
  });

  it('done twice is done once', async () => {
    const { orderId } = await orderOf();
    const mark = {
      order_id: orderId,
      status: 'FAILED',
      failure_code: 'RideNDineRejected',
      failure_reason: reason,
    } as const;

    const outcomes = [await worker.markOrder(mark), await worker.markOrder(mark)];

    expect(outcomes).toEqual([
      { kind: 'marked', link: null },
      { kind: 'marked', link: null },
    ]);
  });

  it.each([
    ['CANCELLED', 'FAILED'],
    ['FAILED', 'PENDING_PAYMENT'],
    ['PAID', 'NEEDS_REVIEW'],
    ['CANCELLED', 'PENDING_PAYMENT'],
  ] as const)('leaves an order that somebody has made %s, instead of making it %s', async (status, wanted) => {
    const { orderId } = await orderOf({ status });
    const before = await rowOf(orderId);

    const outcome = await worker.markOrder({
      order_id: orderId,
      status: wanted,
      failure_code: null,
      failure_reason: null,
    });

    expect(outcome).toEqual({ kind: 'left' });
    expect(await rowOf(orderId)).toEqual(before);
  });

  it.each(['FAILED', 'CANCELLED'] as const)(
    'writes a missing order as %s, so that an attempt which is still under way finds its place taken',
    async (status) => {
      const request = await checkout();
      const standing = await open(request);
      if (standing.kind !== 'new') throw new Error('The checkout is new.');

      const outcome = await worker.markOrder({
        order_id: standing.order_id,
        status,
        failure_code: status === 'FAILED' ? 'DirectusUnavailable' : null,
        failure_reason: null,
        if_missing: { request, checkout: standing.checkout },
      });

      expect(outcome).toEqual({ kind: 'marked', link: null });
      const late = await failureOf(worker.createOrderRecord({ request, standing }));
      expect(late).toMatchObject({ nonRetryable: true });
      expect(await rowOf(standing.order_id)).toMatchObject({
        status,
        active_quote_id: null,
        failure_code: status === 'FAILED' ? 'DirectusUnavailable' : null,
      });
      // The quote is free for another try.
      await expect(orderOf({}, underAnotherKey(request))).resolves.toBeDefined();
    },
  );

  it('gives up on an order that is missing and that Directus refuses', async () => {
    const request = newCheckoutRequest();

    const outcome = await worker.markOrder({
      order_id: randomUUID(),
      status: 'FAILED',
      failure_code: 'DirectusUnavailable',
      failure_reason: null,
      // The customer and the store of this checkout do not exist.
      if_missing: { request, checkout: newCheckout() },
    });

    expect(outcome).toEqual({ kind: 'missing' });
    expect(await directus.rows('orders', { idempotency_key: { _eq: request.idempotency_key } })).toEqual([]);
  });

  it.each(['FAILED', 'CANCELLED'])(
    'puts an order in review that somebody has made %s: RideNDine may have it',
    async (status) => {
      const { orderId } = await orderOf({ status });

      const outcome = await worker.markOrder({
        order_id: orderId,
        status: 'NEEDS_REVIEW',
        failure_code: 'LinkConflict',
        failure_reason: reason,
      });

      expect(outcome).toMatchObject({ kind: 'marked' });
      expect(await rowOf(orderId)).toMatchObject({ status: 'NEEDS_REVIEW', failure_code: 'LinkConflict' });
    },
  );

  it('lets an order go on only if its quote has made no other since', async () => {
    const { request, orderId } = await orderOf({ status: 'NEEDS_REVIEW', active_quote_id: null });
    const goOn = { order_id: orderId, status: 'PENDING_PAYMENT', failure_code: null, failure_reason: null } as const;
    const { orderId: other } = await orderOf({}, underAnotherKey(request));

    expect(await worker.markOrder(goOn)).toEqual({ kind: 'left', quote_taken: true });
    await directus.change('orders', other, { status: 'CANCELLED', active_quote_id: null });
    expect(await worker.markOrder(goOn)).toEqual({ kind: 'marked', link: null });

    expect(await rowOf(orderId)).toMatchObject({ active_quote_id: request.quote_id });
  });

  it('tells of the link that an order has by now', async () => {
    const ids = link();
    const { orderId } = await orderOf({ status: 'NEEDS_REVIEW', ...ids });

    const outcome = await worker.markOrder({
      order_id: orderId,
      status: 'PENDING_PAYMENT',
      failure_code: null,
      failure_reason: null,
    });

    expect(outcome).toEqual({ kind: 'marked', link: ids });
  });

  describe('for a run that decides by itself', () => {
    const failed = { status: 'FAILED', failure_code: 'RideNDineRejected', failure_reason: reason } as const;

    it.each(['FAILED', 'CANCELLED'] as const)('never makes a linked order %s', async (status) => {
      const { orderId } = await orderOf(link());
      const before = await rowOf(orderId);

      const outcome = await worker.markOrder({ ...failed, order_id: orderId, status, found_by_run: 'run-1' });

      expect(outcome).toEqual({ kind: 'left' });
      expect(await rowOf(orderId)).toEqual(before);
    });

    it('does not take the word of the run before its reset', async () => {
      const { orderId } = await orderOf();
      const before = await rowOf(orderId);

      const outcome = await activitiesAt(directus.url, { runId: 'run-2' }).markOrder({
        ...failed,
        order_id: orderId,
        found_by_run: 'run-1',
      });

      expect(outcome).toEqual({ kind: 'left' });
      expect(await rowOf(orderId)).toEqual(before);
    });
  });

  it.each(['PAID', 'COOKING'])('leaves an order alone that is %s', async (status) => {
    const { orderId } = await orderOf({ status });
    const before = await rowOf(orderId);

    await worker.markOrder({
      order_id: orderId,
      status: 'FAILED',
      failure_code: 'RideNDineRejected',
      failure_reason: reason,
    });

    expect(await rowOf(orderId)).toEqual(before);
  });

  describe('with what support staff did', () => {
    const support_action = {
      id: 'action-1',
      at: '2026-01-01T10:00:00.000Z',
      actor: 'agent-7',
      action: 'cancel',
      reason: 'The customer has called.',
    } as const;
    const cancelled = { status: 'CANCELLED', failure_code: null, failure_reason: null, support_action } as const;

    it.each(['PENDING_PAYMENT', 'NEEDS_REVIEW', 'CANCELLED'] as const)(
      'records it on the order that it makes %s, once however often',
      async (status) => {
        const { orderId } = await orderOf();
        const mark = { ...cancelled, order_id: orderId, status };

        await worker.markOrder(mark);
        await worker.markOrder(mark);

        expect(await rowOf(orderId)).toMatchObject({ status, support_actions: [support_action] });
      },
    );

    it('records it on an order that it has to write', async () => {
      const request = await checkout();
      const standing = await open(request);
      if (standing.kind !== 'new') throw new Error('The checkout is new.');
      const { order_id } = standing;

      await worker.markOrder({ ...cancelled, order_id, if_missing: { request, checkout: standing.checkout } });

      expect(await rowOf(order_id)).toMatchObject({ status: 'CANCELLED', support_actions: [support_action] });
    });

    it('records nothing on an order that it leaves alone', async () => {
      const { orderId } = await orderOf({ status: 'PAID' });

      expect(await worker.markOrder({ ...cancelled, order_id: orderId })).toEqual({ kind: 'left' });

      expect(await rowOf(orderId)).toMatchObject({ status: 'PAID', support_actions: null });
    });

    it('records it, if it is told to, on an order that a later phase has, once however often', async () => {
      const { orderId } = await orderOf({ status: 'PAID', ...link() });
      const mark = { ...cancelled, order_id: orderId, status: 'PENDING_PAYMENT', recorded_anyway: true } as const;

      expect(await worker.markOrder(mark)).toEqual({ kind: 'left' });
      await worker.markOrder(mark);

      expect(await rowOf(orderId)).toMatchObject({ status: 'PAID', support_actions: [support_action] });
    });

    it('is done if an earlier attempt recorded it and a later phase has carried the order on since', async () => {
      const ids = link();
      const { orderId } = await orderOf({ status: 'PAID', ...ids, support_actions: [support_action] });
      const mark = { ...cancelled, order_id: orderId, status: 'PENDING_PAYMENT' } as const;

      expect(await worker.markOrder(mark)).toEqual({ kind: 'marked', link: ids });

      expect(await rowOf(orderId)).toMatchObject({ status: 'PAID', support_actions: [support_action] });
    });

    it('is tried until it can be recorded, and says what keeps it from that', async () => {
      const { orderId } = await orderOf();
      const server = await serverAnswering((response) =>
        response
          .writeHead(403, { 'content-type': 'application/json' })
          .end('{"errors":[{"message":"No field.","extensions":{"code":"FORBIDDEN"}}]}'),
      );

      const failure = await failureOf(activitiesAt(server.url).markOrder({ ...cancelled, order_id: orderId }));

      expect(failure).toMatchObject({
        type: 'DirectusRejected',
        nonRetryable: false,
        message: expect.stringContaining('Run npm run directus:apply.'),
      });
    });
  });

  it('says that an order is not there', async () => {
    const before = await countRows();

    const outcome = await worker.markOrder({
      order_id: randomUUID(),
      status: 'CANCELLED',
      failure_code: null,
      failure_reason: null,
    });

    expect(outcome).toEqual({ kind: 'missing' });
    expect(await countRows()).toEqual(before);
  });
});

describe('what Directus does wrong', () => {
  interface Answer {
    status: number;
    type?: string;
    body?: string;
    retryAfter?: string;
  }
  const rejection = '{"errors":[{"message":"Value canary is wrong.","extensions":{"code":"INVALID_PAYLOAD"}}]}';

  const answers: [string, Answer, string, isRefusal: boolean, retryAfterMs: number | undefined][] = [
    ['502 with a page', { status: 502, type: 'text/html', body: '<p>canary' }, 'DirectusUnavailable', false, undefined],
    ['503 for an hour', { status: 503, body: rejection, retryAfter: '3600' }, 'DirectusUnavailable', false, 60_000],
    ['503 with Retry-After', { status: 503, body: rejection, retryAfter: '3' }, 'DirectusUnavailable', false, 3000],
    [
      '503 with no pause at all',
      { status: 503, body: rejection, retryAfter: '0' },
      'DirectusUnavailable',
      false,
      undefined,
    ],
    ['429 with Retry-After', { status: 429, body: rejection, retryAfter: '2' }, 'DirectusUnavailable', false, 2000],
    ['500', { status: 500, body: rejection }, 'DirectusUnavailable', false, undefined],
    ['403', { status: 403, body: rejection }, 'DirectusUnavailable', false, undefined],
    ['400', { status: 400, body: rejection }, 'DirectusRejected', true, undefined],
    ['rows of another form', { status: 200, body: '{"data":[{"id":"canary"}]}' }, 'DirectusRejected', true, undefined],
  ];

  async function activitiesWith({ status, type = 'application/json', body = '', retryAfter }: Answer) {
    const server = await serverAnswering((response) =>
      response.writeHead(status, { 'content-type': type, ...(retryAfter && { 'retry-after': retryAfter }) }).end(body),
    );
    return activitiesAt(server.url);
  }

  it.each(answers)(
    '%s: validateCheckout and createOrderRecord give up on refusals alone',
    async (_what, answer, type, isRefusal, nextRetryDelay) => {
      const failing = await activitiesWith(answer);
      const request = newCheckoutRequest();
      const standing = {
        kind: 'new',
        run_id: 'run-1',
        order_id: randomUUID(),
        checkout: newCheckout(),
      } as const;

      const failures = [
        await failureOf(failing.validateCheckout(request)),
        await failureOf(failing.createOrderRecord({ request, standing })),
      ];

      for (const failure of failures) {
        expect(failure).toMatchObject({ type, nonRetryable: isRefusal });
        expect(failure.nextRetryDelay).toBe(nextRetryDelay);
        expect(failure.message).not.toContain('canary');
      }
    },
  );

  it.each(answers)(
    '%s: saveLinkIds and markOrder never give up',
    async (_what, answer, type, _isRefusal, nextRetryDelay) => {
      const failing = await activitiesWith(answer);
      const orderId = randomUUID();

      const failures = [
        await failureOf(failing.saveLinkIds({ order_id: orderId, link: link() })),
        await failureOf(
          failing.markOrder({
            order_id: orderId,
            status: 'FAILED',
            failure_code: 'RideNDineRejected',
            failure_reason: 'RideNDine refused the order (422).',
          }),
        ),
      ];

      for (const failure of failures) {
        expect(failure).toMatchObject({ type, nonRetryable: false });
        expect(failure.nextRetryDelay).toBe(nextRetryDelay);
        expect(failure.message).not.toContain('canary');
      }
    },
  );

  it('a wrong token is tried again: our configuration is wrong, not the order', async () => {
    const strangers = activitiesAt(directus.url, { token: 'canary' });

    const failure = await failureOf(strangers.validateCheckout(newCheckoutRequest()));

    expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
    expect(failure.message).not.toContain('canary');
  });

  it('an address where nobody listens is tried again', async () => {
    const nobody = activitiesAt(`http://127.0.0.1:${await freePort()}`);

    const failure = await failureOf(nobody.validateCheckout(newCheckoutRequest()));

    expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
  });

  it('an answer that is too slow is tried again', async () => {
    const server = await serverAnswering(() => {});

    const failure = await failureOf(
      activitiesAt(server.url, { timeoutMs: 150 }).validateCheckout(newCheckoutRequest()),
    );

    expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
  });
});

function newCanaryRequest() {
  return newCheckoutRequest({
    shipping_snapshot: { address: 'Canary Street', lat: 1, lng: 1, floor: 'canary' },
    customer_note: 'canary',
  });
}

describe('personal data', () => {
  const PERSONAL = /canary/i;

  it('is in no failure', async () => {
    const canaries = {
      customer: { name: 'Canary Name', phone: 'canary-phone', email: 'canary@example.com' },
      quote: {
        items_snapshot: [{ menu_item_id: 'dish-1', name: 'Canary dish', quantity: 1, unit_price: 1, note: 'canary' }],
        totals: { currency: 'USD', total: 1 },
      },
    };
    const { request, orderId } = await orderOf({}, await checkout(canaries, newCanaryRequest()));
    const { request: failed } = await orderOf({ status: 'CANCELLED' }, await checkout(canaries, newCanaryRequest()));
    const { request: abandoned } = await orderOf(
      { status: 'FAILED', failure_code: 'OrderNeedsReview' },
      await checkout(canaries, newCanaryRequest()),
    );
    await worker.saveLinkIds({ order_id: orderId, link: link() });
    const second = underAnotherKey(request);
    const invalid = await checkout(
      {
        ...canaries,
        quote: { ...canaries.quote, fulfillment_method: 'canary', expires_at: null, totals: { total: 'canary' } },
      },
      { ...newCanaryRequest(), shipping_snapshot: { address: ['canary'], lat: 'canary', lng: 'canary' } },
    );

    const failures = [
      await failureOf(worker.validateCheckout({ ...request, customer_note: 'another canary' })),
      await failureOf(worker.validateCheckout(failed)),
      await failureOf(worker.validateCheckout(abandoned)),
      await failureOf(worker.validateCheckout(invalid)),
      await failureOf(worker.createOrderRecord({ request: second, standing: await open(second) })),
      await failureOf(
        worker.saveLinkIds({
          order_id: orderId,
          link: { ridendine_order_id: 'canary', payment_session_id: 'canary' },
        }),
      ),
    ];

    expect(failures.map(({ type }) => type)).toEqual([
      'IdempotencyKeyReused',
      'OrderCancelled',
      'OrderNeedsReview',
      'CheckoutInvalid',
      'QuoteAlreadyUsed',
      'LinkConflict',
    ]);
    for (const failure of failures) {
      expect(JSON.stringify([failure.type, failure.message, failure.details, failure.cause])).not.toMatch(PERSONAL);
    }
  });
});
