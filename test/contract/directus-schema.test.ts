import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applySchema } from '../../src/integrations/directus/schema/apply-schema.ts';
import { applyServiceAccount } from '../../src/integrations/directus/schema/apply-service-account.ts';
import { createDemoQuote, seed } from '../../sandbox/shop/demo-data.ts';
import { directusCaller, type CallDirectus } from '../support/directus-http.ts';
import { newItemRow, newOrderRow } from '../support/order-rows.ts';
import { randomSecret, startEmbeddedDirectus, type EmbeddedDirectus } from '../support/embedded-directus.ts';

const START_TIMEOUT_MS = 90_000;
const log = () => {};
const workflowLink = { temporalUiUrl: 'http://127.0.0.1:8233/', namespace: 'default' };

let directus: EmbeddedDirectus;
let admin: CallDirectus;
let service: CallDirectus;
let everybody: CallDirectus;
const token = randomSecret();
let firstRun: { schema: string[]; account: string[] };

beforeAll(async () => {
  directus = await startEmbeddedDirectus();
  const { url, adminToken } = directus;
  admin = directusCaller({ url, token: adminToken });
  service = directusCaller({ url, token });
  everybody = directusCaller({ url });
  firstRun = {
    schema: (await applySchema({ url, adminToken, workflowLink, log })).changed,
    account: await applyServiceAccount({ url, adminToken, token, log }),
  };
  await seed({ url, adminToken });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await directus.stop();
});

const apply = () => applySchema({ ...directus, workflowLink, log });
const applyAccount = () => applyServiceAccount({ ...directus, token, log });

/** An order that is not written yet, with a quote of its own. */
async function newOrder(fields?: Record<string, unknown>) {
  return newOrderRow(await createDemoQuote(directus), fields);
}

async function createdOrder(fields: Record<string, unknown> = {}) {
  const order = await newOrder(fields);
  expect((await service('POST', '/items/orders', order)).status).toBe(200);
  return order;
}

describe('the schema', () => {
  it('adds the collections to an empty Directus, and changes nothing the second time', async () => {
    expect(firstRun.schema).toEqual(expect.arrayContaining(['orders: added', 'order_items.order (relation): added']));
    expect(await apply()).toEqual({ changed: [], mismatches: [] });
    expect(await applySchema({ ...directus, log })).toEqual({ changed: [], mismatches: [] });
  });

  it('leaves fields, collections and choices of other teams alone', async () => {
    await admin('POST', '/fields/orders', { field: 'tip', type: 'integer', schema: {}, meta: { note: 'Theirs' } });
    await admin('POST', '/collections', { collection: 'couriers', schema: {}, meta: { icon: 'bike' } });
    await admin('PATCH', '/fields/stores/name', { meta: { note: 'Their note' } });
    const status = { options: { choices: [{ text: 'Cooking', value: 'COOKING', color: '#000000' }] } };
    await admin('PATCH', '/fields/orders/status', { meta: status });

    const { changed } = await apply();

    expect(changed).toEqual(['orders.status: changed']);
    expect((await admin('GET', '/fields/orders/tip')).data).toMatchObject({ meta: { note: 'Theirs' } });
    expect((await admin('GET', '/collections/couriers')).data).toMatchObject({ meta: { icon: 'bike' } });
    expect((await admin('GET', '/fields/stores/name')).data).toMatchObject({ meta: { note: 'Their note' } });
    const { data } = await admin('GET', '/fields/orders/status');
    expect(data).toMatchObject({
      meta: {
        options: {
          choices: ['PENDING_PAYMENT', 'NEEDS_REVIEW', 'FAILED', 'CANCELLED', 'COOKING'].map((value) =>
            expect.objectContaining({ value }),
          ),
        },
      },
    });
    expect((await apply()).changed).toEqual([]);
  });

  it.each(['idempotency_key', 'active_quote_id', 'ridendine_order_id'])(
    'restores a lost unique constraint of orders.%s, without touching rows',
    async (field) => {
      const order = await createdOrder({ ridendine_order_id: randomUUID() });
      await admin('PATCH', `/fields/orders/${field}`, { schema: { is_unique: false } });
      expect((await admin('GET', `/fields/orders/${field}`)).data).toMatchObject({ schema: { is_unique: false } });

      expect((await apply()).changed).toEqual([`orders.${field}: changed`]);

      const { data } = await admin('GET', `/items/orders/${order.id}?fields=idempotency_key,active_quote_id`);
      expect(data).toEqual({ idempotency_key: order.idempotency_key, active_quote_id: order.active_quote_id });
      const twin = await newOrder({ [field]: order[field] });
      const refused = await service('POST', '/items/orders', twin);
      expect(refused).toMatchObject({ status: 400, codes: ['RECORD_NOT_UNIQUE'], field });
    },
  );

  it('puts back what somebody has deleted, and says so', async () => {
    await admin('DELETE', '/fields/orders/failure_reason');
    expect((await apply()).changed).toEqual(['orders.failure_reason: added']);
  });

  it('explains each problem in one sentence that holds no token', async () => {
    const { url, adminToken } = directus;
    await expect(applySchema({ url, adminToken: 'no-such-token', log })).rejects.toThrow(
      `Directus at ${url} does not know the administrator's token.`,
    );
    await expect(applySchema({ url, adminToken: token, log })).rejects.toThrow(
      `The token for Directus at ${url} is not an administrator's.`,
    );
    await expect(applySchema({ url: 'http://127.0.0.1:9', adminToken, log })).rejects.toThrow(
      /^Directus cannot be reached at http:\/\/127\.0\.0\.1:9 \([^)]+\)\.$/,
    );
  });
});

describe('the database', () => {
  it.each(['idempotency_key', 'active_quote_id', 'ridendine_order_id'])(
    'refuses a second order with the same %s',
    async (field) => {
      const value = randomUUID();
      await createdOrder({ [field]: value });
      const refused = await service('POST', '/items/orders', await newOrder({ [field]: value }));
      expect(refused).toMatchObject({ status: 400, codes: ['RECORD_NOT_UNIQUE'], field });
    },
  );

  it('takes any number of orders without a live quote and without a RideNDine order', async () => {
    const none = { active_quote_id: null, ridendine_order_id: null };
    const answers = [
      await service('POST', '/items/orders', await newOrder(none)),
      await service('POST', '/items/orders', await newOrder(none)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('makes one of many identical orders that are written at once', async () => {
    const order = await newOrder();
    const answers = await Promise.all(Array.from({ length: 20 }, () => service('POST', '/items/orders', order)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.flatMap(({ codes }) => codes)).toEqual(Array.from({ length: 19 }, () => 'RECORD_NOT_UNIQUE'));
    const { data } = await service('GET', `/items/order_items?filter[order][_eq]=${order.id}`);
    expect(data).toHaveLength(2);
  });

  it('writes nothing of an order of which one item is refused', async () => {
    const item = newItemRow();
    await createdOrder({ order_items: { create: [item] } });
    const order = await newOrder({ order_items: { create: [newItemRow(), item] } });
    expect((await service('POST', '/items/orders', order)).codes).toEqual(['RECORD_NOT_UNIQUE']);
    expect((await service('GET', `/items/orders?filter[id][_eq]=${order.id}`)).data).toEqual([]);
  });

  it('keeps amounts that need more than 32 bits, and JSON as it was written', async () => {
    const totals = { zebra: 1, currency: 'IDR', total: 9_007_199_254_740_991, apple: { b: 1, a: [1.5, null] } };
    const order = await createdOrder({ totals, order_items: { create: [newItemRow({ unit_price: 9e15 })] } });
    const { data } = await service('GET', `/items/orders/${order.id}?fields=totals,order_items.unit_price`);
    // This compares text, because text shows the order of the members.
    expect(JSON.stringify(data)).toBe(JSON.stringify({ totals, order_items: [{ unit_price: '9000000000000000' }] }));
  });

  it('lets incomplete data exist, so that it can be reported', async () => {
    const quote = { id: `quote-${randomUUID()}` };
    expect((await admin('POST', '/items/quotes', quote)).status).toBe(200);
    expect((await admin('POST', '/items/stores', { name: 'Not on RideNDine' })).status).toBe(200);
    expect((await admin('POST', '/items/customers', {})).status).toBe(200);
  });

  it('never touches an order when what it was made from is deleted', async () => {
    const customer = randomUUID();
    const store = randomUUID();
    await admin('POST', '/items/customers', { id: customer, name: 'Customer Nine' });
    await admin('POST', '/items/stores', { id: store, name: 'Kitchen Nine' });
    const order = await createdOrder({ customer, store });

    expect((await admin('DELETE', `/items/customers/${customer}`)).status).toBeGreaterThanOrEqual(400);
    expect((await admin('DELETE', `/items/stores/${store}`)).status).toBeGreaterThanOrEqual(400);
    expect((await admin('DELETE', `/items/quotes/${order.quote_id}`)).status).toBe(204);

    const { data } = await service('GET', `/items/orders/${order.id}?fields=customer,store,quote_id`);
    expect(data).toEqual({ customer, store, quote_id: order.quote_id });
  });
});

describe('the service account', () => {
  it('is made once, and found again', async () => {
    expect(firstRun.account).toContain('service account, permission create orders: added');
    expect(await applyAccount()).toEqual([]);
    expect((await service('GET', '/items/orders?limit=1')).status).toBe(200);
  });

  it('reads a quote with its store and its customer in one request', async () => {
    const { quote_id: id } = await createDemoQuote(directus);
    const fields = 'fields=id,totals,items_snapshot,expires_at,store.*,customer.*';
    const { data } = await service('GET', `/items/quotes?${fields}&filter[id][_eq]=${id}`);
    expect(data).toEqual([
      expect.objectContaining({
        id,
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        store: expect.objectContaining({ ridendine_merchant_id: 'merchant-kitchen-one' }),
        customer: expect.objectContaining({ name: 'Customer One', email: 'customer-one@example.com' }),
      }),
    ]);
  });

  it('creates an order with its items, and reads them back in their order', async () => {
    const items = [newItemRow({ sort: 2, name: 'Second' }), newItemRow({ sort: 1, name: 'First' })];
    const order = await newOrder({ order_items: { create: items } });
    const { data } = await service('POST', '/items/orders?fields=*,order_items.*', order);
    expect(data).toMatchObject({
      id: order.id,
      date_created: expect.stringMatching(/Z$/),
      order_items: [
        { name: 'First', order: order.id, unit_price: '600', quantity: 2 },
        { name: 'Second', order: order.id },
      ],
    });
  });

  it('updates the orders that a filter finds, and is told which', async () => {
    const order = await createdOrder();
    const link = { ridendine_order_id: randomUUID(), payment_session_id: 'p'.repeat(3000) };
    const update = {
      query: { filter: { id: { _eq: order.id }, ridendine_order_id: { _null: true } } },
      data: link,
    };
    const fields = 'fields=id,status,ridendine_order_id,payment_session_id';
    const first = await service('PATCH', `/items/orders?${fields}`, update);
    expect(first.data).toEqual([{ id: order.id, status: 'PENDING_PAYMENT', ...link }]);
    const second = await service('PATCH', `/items/orders?${fields}`, update);
    expect(second).toMatchObject({ status: 200, data: [] });
  });

  it.each(['stores', 'customers', 'quotes'])('only reads %s', async (collection) => {
    const { data } = await service('GET', `/items/${collection}?limit=1`);
    const [row] = data as { id: string }[];
    const path = `/items/${collection}/${row?.id}`;
    expect((await service('POST', `/items/${collection}`, { id: randomUUID() })).codes).toEqual(['FORBIDDEN']);
    expect((await service('PATCH', path, { id: row?.id })).codes).toEqual(['FORBIDDEN']);
    expect((await service('DELETE', path)).codes).toEqual(['FORBIDDEN']);
  });

  it('never deletes an order, and never changes or deletes an item', async () => {
    const item = newItemRow();
    const order = await createdOrder({ order_items: { create: [item] } });
    const orderPath = `/items/orders/${order.id}`;
    const itemPath = `/items/order_items/${item.id}`;
    const attempts = await Promise.all([
      service('DELETE', orderPath),
      service('DELETE', '/items/orders', [order.id]),
      service('PATCH', itemPath, { quantity: 5 }),
      service('DELETE', itemPath),
      service('PATCH', orderPath, { order_items: { update: [{ id: item.id, quantity: 5 }] } }),
      service('PATCH', orderPath, { order_items: { delete: [item.id] } }),
      service('PATCH', orderPath, { order_items: [] }),
      service('POST', '/items/orders', await newOrder({ order_items: [{ ...newItemRow(), id: item.id }] })),
    ]);
    expect(attempts.map(({ codes }) => codes)).toEqual(attempts.map(() => ['FORBIDDEN']));
    const { data } = await service('GET', `${orderPath}?fields=order_items.*`);
    expect(data).toMatchObject({ order_items: [{ id: item.id, quantity: 2 }] });
  });

  it('changes nothing of a customer by way of an order', async () => {
    const order = await newOrder();
    const customer = { id: order.customer, name: 'Changed' };
    expect((await service('POST', '/items/orders', { ...order, customer })).codes).toEqual(['FORBIDDEN']);
  });

  it.each([
    ['GET', '/users'],
    ['GET', '/settings'],
    ['GET', '/schema/snapshot'],
    ['GET', '/activity'],
    ['GET', '/revisions'],
    ['GET', '/files'],
    ['GET', '/flows'],
    ['GET', '/permissions'],
  ])('sees nothing of Directus itself: %s %s', async (method, path) => {
    const { status, data } = await service(method, path);
    // Directus answers in one way or the other. Both show nothing.
    expect(status === 403 || (status === 200 && Array.isArray(data) && data.length === 0)).toBe(true);
  });

  it('cannot raise itself', async () => {
    const { data } = await service('GET', '/users/me?fields=id');
    const { id } = data as { id: string };
    const [adminRole] = (await admin('GET', '/roles?filter[name][_eq]=Administrator&fields=id')).data as {
      id: string;
    }[];
    const attempts = [
      await service('PATCH', '/users/me', { role: adminRole?.id }),
      await service('PATCH', `/users/${id}`, { role: adminRole?.id }),
      await service('POST', '/permissions', { policy: id, collection: 'orders', action: 'delete', fields: ['*'] }),
      await service('POST', '/collections', { collection: 'mine', schema: {}, meta: {} }),
      await service('POST', '/fields/orders', { field: 'mine', type: 'string', schema: {}, meta: {} }),
      await service('DELETE', '/collections/orders'),
    ];
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 403));
  });

  it('loses what was added to its policy, and gets back what was taken away, at the next run', async () => {
    const [own] = (await admin('GET', '/permissions?filter[collection][_eq]=orders&filter[action][_eq]=create'))
      .data as {
      id: number;
      policy: string;
    }[];
    const permission = { policy: own?.policy, fields: ['*'] };
    await admin('POST', '/permissions', { ...permission, collection: 'orders', action: 'delete' });
    await admin('POST', '/permissions', { ...permission, collection: 'orders', action: 'read' });
    await admin('DELETE', `/permissions/${own?.id}`);

    expect((await applyAccount()).toSorted()).toEqual([
      'service account, permission create orders: added',
      'service account, permission delete orders: removed',
      'service account, permission read orders: removed',
    ]);
    const order = await createdOrder();
    expect((await service('DELETE', `/items/orders/${order.id}`)).codes).toEqual(['FORBIDDEN']);
    expect(await applyAccount()).toEqual([]);
  });

  it('gets the token that it is given', async () => {
    const other = randomSecret();
    expect(await applyServiceAccount({ ...directus, token: other, log })).toEqual(['service account, token: changed']);
    expect((await service('GET', '/items/orders?limit=1')).codes).toEqual(['INVALID_CREDENTIALS']);
    await applyAccount();
    expect((await service('GET', '/items/orders?limit=1')).status).toBe(200);
  });
});

describe('the public', () => {
  it.each(['stores', 'customers', 'quotes', 'orders', 'order_items'])('sees nothing of %s', async (collection) => {
    expect((await everybody('GET', `/items/${collection}`)).codes).toEqual(['FORBIDDEN']);
    expect((await everybody('POST', `/items/${collection}`, { id: randomUUID() })).codes).toEqual(['FORBIDDEN']);
  });
});
