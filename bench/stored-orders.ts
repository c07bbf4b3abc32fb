import type { PostgresSession } from '../test/support/postgres-session.ts';

/** Orders per SQL statement: few enough that a statement needs little space on the disk while it runs. */
const CHUNK = 50_000;
/** Orders of one customer, on average. */
const ORDERS_PER_CUSTOMER = 5;
/** The dates of the orders are spread over this many past days. */
const DAYS = 730;
/** Of the newest orders, these numbers are in review and without a link, however many orders there are in all. */
const IN_REVIEW = 20;
const UNLINKED = 10;
/** How many of the orders that `storeOrders` adds are unfinished: without a link, or in review. */
export const UNFINISHED_ORDERS = IN_REVIEW + UNLINKED;

/**
 * Fills Directus' database with past orders of a shop: copies of an order that the product has written. Each copy has
 * its own ids, items and quote; a customer has several orders. Constraints and indexes are on. Directus' records of who
 * changed what are not copied, because nothing ever reads them for an order.
 *
 * @param options.likeQuote the quote of the order that is copied. That order is linked.
 */
export async function storeOrders(
  session: PostgresSession,
  options: { count: number; likeQuote: string; doing: (what: string) => void },
): Promise<void> {
  const { count, likeQuote, doing } = options;
  await session.sql('CREATE TEMP TABLE like_quotes AS SELECT * FROM quotes WHERE id = $1', likeQuote);
  await session.sql(
    `CREATE TEMP TABLE like_orders AS SELECT orders.* FROM orders JOIN like_quotes ON orders.quote_id = like_quotes.id;
     CREATE TEMP TABLE like_order_items AS
       SELECT order_items.* FROM order_items JOIN like_orders ON "order" = like_orders.id;
     CREATE TEMP TABLE like_customers AS
       SELECT customers.* FROM customers JOIN like_orders ON customers.id = like_orders.customer;
     SET synchronous_commit = off`,
  );
  for (let from = 1; from <= count; from += CHUNK) {
    doing(`${from - 1} of ${count} orders are there`);
    const pasts = pastOrders({ from, to: Math.min(count, from + CHUNK - 1), count });
    for (const [table, changed] of Object.entries(changedColumns)) {
      const columns = Object.entries(changed).map(([column, value]) => `'${column}', ${value}`);
      await session.sql(
        `INSERT INTO ${table} SELECT copy.* FROM ${pasts}, like_${table} AS model,
           jsonb_populate_record(CAST(ROW(model.*) AS ${table}), jsonb_build_object(${columns.join(', ')})) AS copy
         ${table === 'customers' ? 'WHERE past.is_customers_first' : ''}`,
      );
    }
  }
  doing('statistics');
  // Otherwise autovacuum would do this later, while something is measured.
  for (const table of Object.keys(changedColumns)) await session.sql(`VACUUM ANALYZE ${table}`);
  await session.sql('CHECKPOINT');
}

/** By table: SQL of the columns in which a copy differs from its model. A table comes after those that it refers to. */
const changedColumns: Record<string, Record<string, string>> = {
  customers: { id: 'past.customer', email: `past.n || '@example.com'` },
  quotes: { id: 'past.quote', customer: 'past.customer', expires_at: `past.created + interval '10 minutes'` },
  orders: {
    id: 'past.id',
    status: 'past.status',
    payment_status: `CASE past.status WHEN 'COMPLETED' THEN 'PAID' ELSE 'PENDING' END`,
    date_created: 'past.created',
    date_updated: `past.created + interval '1 minute'`,
    ridendine_order_id: `CASE WHEN past.is_linked THEN 'rnd_' || md5('rnd ' || past.n)::uuid END`,
    payment_session_id: `CASE WHEN past.is_linked THEN 'ps_' || md5('ps ' || past.n)::uuid END`,
    failure_code: `CASE past.status WHEN 'FAILED' THEN 'RideNDineRejected' WHEN 'NEEDS_REVIEW' THEN 'RideNDineUnavailable' END`,
    customer: 'past.customer',
    quote_id: 'past.quote',
    active_quote_id: 'CASE WHEN past.is_live THEN past.quote END',
    idempotency_key: 'past.key',
    request_fingerprint: `md5('fingerprint ' || past.n) || md5(past.n::text)`,
    workflow_id: `'order-creation-' || past.key`,
    ridendine_request: 'replace(model.ridendine_request, model.id::text, past.id::text)',
  },
  order_items: { id: `md5('item ' || past.n || ' ' || model.sort)::uuid`, order: 'past.id' },
};

/** SQL of one row for each order, with the values in which orders differ. The newest come last, as in a real table. */
function pastOrders({ from, to, count }: { from: number; to: number; count: number }): string {
  const customers = Math.ceil(count / ORDERS_PER_CUSTOMER);
  return `(
    SELECT *,
      status NOT IN ('FAILED', 'CANCELLED') AS is_live,
      status IN ('PENDING_PAYMENT', 'COMPLETED') AND n <= ${count - UNFINISHED_ORDERS} AS is_linked
    FROM (
      SELECT n,
        md5('order ' || n)::uuid AS id,
        md5('key ' || n)::uuid AS key,
        'quote-' || md5('quote ' || n)::uuid AS quote,
        md5('customer ' || n % ${customers})::uuid AS customer,
        n <= ${customers} AS is_customers_first,
        now() - interval '1 hour' - (${count} - n) * interval '${DAYS} days' / ${count} AS created,
        CASE
          WHEN n > ${count - UNLINKED} THEN 'PENDING_PAYMENT'
          WHEN n > ${count - UNFINISHED_ORDERS} THEN 'NEEDS_REVIEW'
          WHEN n % 100 = 0 THEN 'FAILED'
          WHEN n % 200 = 1 THEN 'CANCELLED'
          -- Never paid, and never cleared away.
          WHEN n % 50 = 2 THEN 'PENDING_PAYMENT'
          ELSE 'COMPLETED'
        END AS status
      FROM generate_series(${from}, ${to}) AS n
    ) AS numbered
  ) AS past`;
}
