import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseRequest } from '../../src/client/parse-request.ts';
import type { NewOrder } from '../../src/integrations/directus/order-rows.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import type { OrdersStore } from '../../src/integrations/directus/orders-store.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { newCheckout, newCheckoutRequest } from '../support/builders.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

// What columns of PostgreSQL can hold, what they refuse, and that the domain's rules refuse all of that earlier.

let directus: PreparedDirectus;
let worker: DirectusActivities;
let store: OrdersStore;
let postgres: PostgresSession;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  worker = workerActivities(directus);
  store = createOrdersStore(directus.connection);
  postgres = await connectToPostgres(directus.postgres);
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(async () => {
  await postgres.close();
  await directus.stop();
});

/** How many orders and items there are. */
async function countRows() {
  const [counts] = await postgres.sql(
    'select (select count(*)::int from orders) as orders, (select count(*)::int from order_items) as items',
  );
  return counts;
}

/** The items as the database holds them, JSON as text. */
function itemsOf(orderId: string) {
  return postgres.sql(
    `select menu_item_id, name, quantity, unit_price::text, options::text, note
     from order_items where "order" = $1 order by sort`,
    orderId,
  );
}

const line = { menu_item_id: 'dish-1', name: 'First dish', quantity: 1, unit_price: 100 };
const totals = { currency: 'USD', total: 100 };

/** Lists nested this many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

/** A checkout whose quote has one ordinary line, except for the fields in `quote`. */
async function checkoutOf(quote: Record<string, unknown>, request = newCheckoutRequest()): Promise<CheckoutRequest> {
  await directus.addQuote(request, { quote: { items_snapshot: [line], totals, ...quote } });
  return request;
}

async function createdOrder(request: CheckoutRequest): Promise<string> {
  const { order_id } = await worker.createOrderRecord({ request, standing: await openStanding(worker, request) });
  return order_id;
}

describe('a value at the edge of its column', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a menu_item_id of 255 characters', { menu_item_id: 'm'.repeat(255) }, { menu_item_id: 'm'.repeat(255) }],
    ['a name of 255 characters', { name: 'ü'.repeat(255) }, { name: 'ü'.repeat(255) }],
    ['the largest quantity', { quantity: 2_147_483_647, unit_price: 0 }, { quantity: 2_147_483_647 }],
    ['the largest price', { unit_price: Number.MAX_SAFE_INTEGER }, { unit_price: '9007199254740991' }],
    ['a note of 200 000 characters', { note: 'n'.repeat(200_000) }, { note: 'n'.repeat(200_000) }],
    ['options that are a text', { options: 'large' }, { options: '"large"' }],
    ['options that are an empty text', { options: '' }, { options: '""' }],
    ['options that look like a number', { options: '5' }, { options: '"5"' }],
    ['options that look like JSON', { options: '{"a":1}' }, { options: JSON.stringify('{"a":1}') }],
    ['options that read null', { options: 'null' }, { options: '"null"' }],
    ['options that are a number', { options: 1e-300 }, { options: '1e-300' }],
    ['options that are false', { options: false }, { options: 'false' }],
    ['options without any', { options: [] }, { options: '[]' }],
    ['options with a NUL character', { options: { a: '\u0000' } }, { options: String.raw`{"a":"\u0000"}` }],
    ['options with half a character', { options: ['\ud83c'] }, { options: String.raw`["\ud83c"]` }],
    ['options of options of options', { options: nested(30) }, { options: JSON.stringify(nested(30)) }],
  ])('is stored as it is: %s', async (_what, fields, stored) => {
    const orderId = await createdOrder(await checkoutOf({ items_snapshot: [{ ...line, ...fields }] }));

    expect(await itemsOf(orderId)).toEqual([expect.objectContaining(stored)]);
  });

  it.each<[string, Partial<CheckoutRequest>, Record<string, unknown>]>([
    ['a quote id of 255 characters', { quote_id: 'q'.repeat(255) }, { active_quote_id: 'q'.repeat(255) }],
    ['a note of 4000 characters', { customer_note: '🍜'.repeat(2000) }, { customer_note: '🍜'.repeat(2000) }],
  ])('is stored as it is: %s', async (_what, fields, stored) => {
    const orderId = await createdOrder(await checkoutOf({}, newCheckoutRequest(fields)));

    expect(await postgres.sql('select * from orders where id = $1', orderId)).toEqual([
      expect.objectContaining(stored),
    ]);
  });

  it('is stored as it is: a RideNDine id and a payment session as long as they may be', async () => {
    const request = await checkoutOf({});
    const orderId = await createdOrder(request);
    // Different characters of three bytes each, which an index cannot compress.
    const ridendineId = String.fromCharCode(...Array.from({ length: 512 }, (_, index) => 0x4e00 + index * 37));
    const link = { ridendine_order_id: ridendineId, payment_session_id: 'ü'.repeat(4096) };

    await worker.saveLinkIds({ order_id: orderId, link });

    expect(await postgres.sql('select * from orders where id = $1', orderId)).toEqual([expect.objectContaining(link)]);
  });
});

describe('a value that people paste', () => {
  it('goes to RideNDine without what they have not seen at its ends', async () => {
    const request = await checkoutOf({});
    const [quote] = await directus.rows('quotes', { id: { _eq: request.quote_id } });
    await postgres.sql(`update stores set ridendine_merchant_id = $1 where id = $2`, 'rnd-m-2\n', quote?.['store']);
    await postgres.sql(
      `update customers set phone = $1, email = $2 where id = $3`,
      '\u00a0+1 555 0100',
      'one@example.com\r\n',
      request.customer_id,
    );

    const orderId = await createdOrder(request);

    const [order] = await postgres.sql('select ridendine_request from orders where id = $1', orderId);
    expect(JSON.parse(String(order?.['ridendine_request']))).toMatchObject({
      merchant_id: 'rnd-m-2',
      customer: { phone: '+1 555 0100', email: 'one@example.com' },
    });
  });
});

describe('a value that no column holds', () => {
  it.each<[string, Record<string, unknown>]>([
    ['a menu_item_id of 256 characters', { menu_item_id: 'm'.repeat(256) }],
    ['a menu_item_id that is an object', { menu_item_id: {} }],
    ['a name with a NUL character', { name: 'a\u0000' }],
    ['a name with half a character', { name: 'a\ud800' }],
    ['a note with a NUL character', { note: 'a\u0000' }],
    ['a note that is a list', { note: ['a'] }],
    ['a quantity beyond 32 bits', { quantity: 2_147_483_648 }],
    ['a quantity with a fraction', { quantity: 1.5 }],
    ['a quantity written out', { quantity: 'two' }],
    ['a quantity that is an object', { quantity: {} }],
    ['a price beyond what a number tells apart', { unit_price: 9_007_199_254_740_992 }],
    ['a price beyond 64 bits', { unit_price: 1e30 }],
    ['a price written out', { unit_price: 'a lot' }],
    ['options that are a number which stands for many', { options: 1e300 }],
    ['options nested 1000 deep', { options: nested(1000) }],
    ['something else nested 1000 deep', { extra: nested(1000) }],
  ])('in the cart is refused for good before anything is written: %s', async (_what, fields) => {
    const request = await checkoutOf({ items_snapshot: [{ ...line, ...fields }] });
    const before = await countRows();

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
    expect(await countRows()).toEqual(before);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a total beyond what a number tells apart', { totals: { ...totals, total: 1e300 } }],
    ['totals nested 1000 deep', { totals: { ...totals, fees: nested(1000) } }],
    ['totals that are a text', { totals: '"free"' }],
    ['an expiry in the last year that a date can have', { expires_at: '+275760-09-13T00:00:00.000Z' }],
  ])('elsewhere in the quote is refused for good before anything is written: %s', async (_what, fields) => {
    const request = await checkoutOf(fields);
    const before = await countRows();

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
    expect(await countRows()).toEqual(before);
  });

  it.each([
    ['items_snapshot', 'quote.items_snapshot[0].options[0].*'],
    ['totals', 'quote.totals.*'],
  ])(
    'in a quote as Phase 2 wrote it is refused with its field, whatever Directus makes of it: %s',
    async (column, field) => {
      const request = await checkoutOf({});
      const id = '738529527931269425';
      const written = {
        items_snapshot: `[{"menu_item_id":"dish-1","name":"First dish","quantity":1,"unit_price":100,"options":[{"id":${id}}]}]`,
        totals: `{"currency":"USD","total":100,"fees":[{"id":${id}}]}`,
      }[column];
      await postgres.sql(`update quotes set ${column} = $1 where id = $2`, written, request.quote_id);

      const failure = await failureOf(worker.validateCheckout(request));

      const detail =
        'The number is too large to be kept exactly. Send one from -9007199254740991 to 9007199254740991, or a text.';
      expect(failure).toMatchObject({
        type: 'CheckoutInvalid',
        nonRetryable: true,
        details: [{ problems: [{ code: 'CheckoutInvalid', field, detail }] }],
      });
    },
  );

  it('is told of a run that was started by hand in the words in which a caller is told, without names that may be anything', async () => {
    const request = {
      ...newCheckoutRequest(),
      customer_note: 'n'.repeat(4001),
      shipping_snapshot: { address: '1 Example Street', lat: 10.5, lng: 106.25, s2_cell: 2 ** 60 },
      fulfillment_method: 'DINE_IN' as 'DELIVERY',
    };

    const failure = await failureOf(worker.validateCheckout(request));

    const told = [
      ['fulfillment_method', 'The value must be DELIVERY or PICKUP.'],
      [
        'shipping_snapshot.s2_cell',
        'The number is too large to be kept exactly. Send one from -9007199254740991 to 9007199254740991, or a text.',
      ],
      ['customer_note', 'The text is too long: at most 4000 characters.'],
    ].map(([field, detail]) => ({ code: 'CheckoutInvalid', field, detail }));
    const kept = told.map((problem, index) => (index === 1 ? { ...problem, field: 'shipping_snapshot.*' } : problem));
    expect(failure).toMatchObject({
      type: 'CheckoutInvalid',
      nonRetryable: true,
      details: [{ problems: kept }],
    });
    expect(() => parseRequest(request)).toThrow(expect.objectContaining({ problems: told }));
  });

  // Nobody can write these values through Directus. Directus then answers 500, as it does if the database fails.
  it.each([
    ['an expiry that is infinite', 'expires_at', 'infinity'],
    ['totals nested deeper than Directus can follow', 'totals', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ])('in a quote that was written past Directus is waited for until it is mended: %s', async (_what, column, value) => {
    const request = await checkoutOf({});
    const [sound] = await postgres.sql(`select ${column} as value from quotes where id = $1`, request.quote_id);
    const write = (written: unknown) =>
      postgres.sql(`update quotes set ${column} = $1 where id = $2`, written, request.quote_id);
    await write(value);

    const failure = await failureOf(worker.validateCheckout(request));
    await write(sound?.['value']);

    expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
    expect(await worker.validateCheckout(request)).toMatchObject({ kind: 'new' });
  });

  it('is no longer good in a quote that expired before our era', async () => {
    const request = await checkoutOf({});
    await postgres.sql(`update quotes set expires_at = '0044-03-15 BC' where id = $1`, request.quote_id);

    expect(await failureOf(worker.validateCheckout(request))).toMatchObject({ type: 'QuoteExpired' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['a key that is no UUID', { idempotency_key: 'key' }],
    ['a customer that is no UUID', { customer_id: '1' }],
    ['a quote id of 256 characters', { quote_id: 'q'.repeat(256) }],
    ['a quote id with a NUL character', { quote_id: 'q\u0000' }],
    ['a quote id with half a character', { quote_id: 'q\ud800' }],
    ['a note of 4001 characters', { customer_note: 'n'.repeat(4001) }],
    ['a note with a NUL character', { customer_note: 'n\u0000' }],
    ['an address with a NUL character in a name', { shipping_snapshot: { 'a\u0000': 1 } }],
    ['an address that is a text', { shipping_snapshot: 'here' }],
    ['an address nested 3000 deep', { shipping_snapshot: { deep: nested(3000) } }],
  ])('in the request is refused for good before Directus is asked: %s', async (_what, fields) => {
    const request: CheckoutRequest = { ...newCheckoutRequest(), ...fields };

    const failure = await failureOf(worker.validateCheckout(request));

    expect(failure).toMatchObject({ type: 'CheckoutInvalid', nonRetryable: true });
  });
});

/** A valid order that `spoil` has changed. It goes directly to the store, without the rules of the domain. */
async function spoiltOrder(spoil: (order: NewOrder) => void): Promise<NewOrder> {
  const request = await checkoutOf({});
  const [quote] = await directus.rows('quotes', { id: { _eq: request.quote_id } });
  const order: NewOrder = {
    id: randomUUID(),
    itemIds: [randomUUID()],
    request,
    fingerprint: 'fingerprint',
    checkout: newCheckout({
      quote_id: request.quote_id,
      store_id: String(quote?.['store']),
      customer: { id: request.customer_id, name: 'Customer One', phone: '1', email: 'one@example.com' },
      items: [{ ...line }],
    }),
    ridendineRequest: '{}',
    workflowId: 'order-creation-test',
    runId: 'run-1',
  };
  spoil(order);
  return order;
}

const inLine = (fields: Record<string, unknown>) => (order: NewOrder) =>
  Object.assign(order.checkout.items[0] ?? {}, fields);

describe('what PostgreSQL itself refuses', () => {
  // Directus reports a value that is too long, out of range, or refers to no row. For a value of a wrong type it only
  // reports that the database failed. That looks like a broken database, so the domain must be stricter.
  it.each<[string, (order: NewOrder) => unknown, 'DirectusRejectedError' | 'DirectusUnavailableError']>([
    ['active_quote_id, too long', (o) => (o.checkout.quote_id = 'q'.repeat(256)), 'DirectusRejectedError'],
    ['request_fingerprint, too long', (o) => (o.fingerprint = 'f'.repeat(256)), 'DirectusRejectedError'],
    ['workflow_id, too long', (o) => (o.workflowId = 'w'.repeat(256)), 'DirectusRejectedError'],
    ['quantity, out of range', inLine({ quantity: 2_147_483_648 }), 'DirectusRejectedError'],
    ['unit_price, out of range', inLine({ unit_price: 1e19 }), 'DirectusRejectedError'],
    ["customer, nobody's", (o) => (o.checkout.customer.id = randomUUID()), 'DirectusRejectedError'],
    ["store, nobody's", (o) => (o.checkout.store_id = randomUUID()), 'DirectusRejectedError'],
    ['a body of more than 1 MB', (o) => (o.ridendineRequest = 'r'.repeat(1_100_000)), 'DirectusRejectedError'],
    ['quantity, wrong type', inLine({ quantity: 'two' }), 'DirectusUnavailableError'],
    ['unit_price, wrong type', inLine({ unit_price: 'a lot' }), 'DirectusUnavailableError'],
    ['name, NUL', inLine({ name: 'a\u0000' }), 'DirectusUnavailableError'],
    ['customer, no UUID', (o) => (o.checkout.customer.id = '1'), 'DirectusUnavailableError'],
    ['idempotency_key, no UUID', (o) => (o.request.idempotency_key = '1'), 'DirectusUnavailableError'],
    ['customer_note, NUL', (o) => (o.request.customer_note = 'n\u0000'), 'DirectusUnavailableError'],
    ['ridendine_request, NUL', (o) => (o.ridendineRequest = 'r\u0000'), 'DirectusUnavailableError'],
  ])('leaves nothing of the order: %s', async (_what, spoil, name) => {
    const order = await spoiltOrder(spoil);
    const before = await countRows();

    await expect(store.createOrder(order)).rejects.toMatchObject({ name });

    expect(await countRows()).toEqual(before);
  });

  it.each([
    ['a customer who was deleted meanwhile', 'delete from customers where id = $1'],
    ['a store that was deleted meanwhile', 'delete from stores using quotes where stores.id = store and customer = $1'],
  ])('ends the checkout for good: %s', async (_what, statement) => {
    const request = await checkoutOf({});
    const standing = await openStanding(worker, request);
    await postgres.sql(statement, request.customer_id);
    const before = await countRows();

    const failure = await failureOf(worker.createOrderRecord({ request, standing }));

    expect(failure).toMatchObject({ type: 'DirectusRejected', nonRetryable: true });
    expect(await countRows()).toEqual(before);
  });

  it('ends the checkout for good: a cart that is larger than Directus takes', async () => {
    const request = await checkoutOf({ items_snapshot: [{ ...line, note: 'n'.repeat(400_000) }] });
    const standing = await openStanding(worker, request);
    const before = await countRows();

    const failure = await failureOf(worker.createOrderRecord({ request, standing }));

    expect(failure).toMatchObject({ type: 'DirectusRejected', nonRetryable: true });
    expect(await countRows()).toEqual(before);
  });

  it.each([
    ['a narrower price', 'alter table order_items alter unit_price type smallint', 'unit_price type bigint'],
    ['a shorter note', 'alter table order_items alter note type varchar(3)', 'note type text'],
    ['a note that must be there', 'alter table order_items alter note set not null', 'note drop not null'],
  ])('ends the checkout for good where somebody has changed the table: %s', async (_what, change, undo) => {
    const note = change.includes('not null') ? null : 'No salt.';
    const request = await checkoutOf({ items_snapshot: [{ ...line, unit_price: 40_000, note }] });
    const standing = await openStanding(worker, request);
    await postgres.sql('delete from order_items');
    const before = await countRows();
    try {
      await postgres.sql(change);

      const failure = await failureOf(worker.createOrderRecord({ request, standing }));

      expect(failure).toMatchObject({ type: 'DirectusRejected', nonRetryable: true });
      expect(await countRows()).toEqual(before);
    } finally {
      await postgres.sql(`alter table order_items alter ${undo}`);
    }
  });
});
