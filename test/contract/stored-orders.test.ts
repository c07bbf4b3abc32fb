import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UNFINISHED_ORDERS, storeOrders } from '../../bench/stored-orders.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import type { OrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { writeLinkedOrder } from '../support/linked-order.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';

const COUNT = 400;

let directus: PreparedDirectus;
let store: OrdersStore;
let session: PostgresSession;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  store = createOrdersStore(directus.connection);
  session = await connectToPostgres(directus.postgres);
  const { quoteId } = await writeLinkedOrder(directus, store);
  await storeOrders(session, { count: COUNT, likeQuote: quoteId, doing: () => {} });
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(async () => {
  await session.close();
  await directus.stop();
});

describe('the past that the benchmark puts into Directus', () => {
  it('has as many orders as were asked for, each with items and a quote of its own', async () => {
    // There is one more of each: the model from which the others were copied.
    const [counts] = await session.sql(
      `SELECT count(*) AS orders, count(DISTINCT quotes.id) AS quotes, sum(items) AS items
       FROM orders JOIN quotes ON quotes.id = quote_id AND quotes.customer = orders.customer,
       LATERAL (SELECT count(*) AS items FROM order_items WHERE "order" = orders.id) AS lines`,
    );

    expect(counts).toEqual({ orders: `${COUNT + 1}`, quotes: `${COUNT + 1}`, items: `${2 * (COUNT + 1)}` });
  });

  it('has been carried on by later phases, but for a few', async () => {
    const rows = await session.sql(
      `SELECT status, count(*)::int AS all, count(ridendine_order_id)::int AS linked, count(active_quote_id)::int AS live
       FROM orders WHERE ridendine_order_id IS DISTINCT FROM 'rnd_model' GROUP BY status ORDER BY status`,
    );

    expect(rows).toEqual([
      { status: 'CANCELLED', all: 2, linked: 0, live: 0 },
      { status: 'COMPLETED', all: 357, linked: 357, live: 357 },
      { status: 'FAILED', all: 3, linked: 0, live: 0 },
      { status: 'NEEDS_REVIEW', all: 20, linked: 0, live: 20 },
      { status: 'PENDING_PAYMENT', all: 18, linked: 8, live: 18 },
    ]);
  });

  it('reads like orders of ours, body and all', async () => {
    const [row] = await session.sql(`SELECT id, idempotency_key AS key FROM orders WHERE status = 'COMPLETED' LIMIT 1`);

    const order = await store.findOrderByKey(String(row?.['key']));
    expect(order).toMatchObject({ id: row?.['id'], payment_status: 'PAID' });
    expect(order?.ridendine_request).toBe(JSON.stringify({ external_order_id: row?.['id'] }));
  });

  it('has so many unfinished orders, however long it is', async () => {
    const page = { createdBefore: new Date().toISOString(), skip: 0, limit: 100 };

    expect(await store.findUnfinishedOrders(page)).toHaveLength(UNFINISHED_ORDERS);
    expect(await store.countWaitingOrders()).toMatchObject({ inReview: 20, unlinked: 10 });
  });
});
