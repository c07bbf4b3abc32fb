import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { PostgresSession } from '../test/support/postgres-session.ts';

/** As many at a time: what they take on the disk on their way is small. */
const CHUNK = 50_000;

/** Orders of one customer, on average. */
const ORDERS_PER_CUSTOMER = 5;

/** The past that the orders are spread over. */
const DAYS = 730;

/** Whatever the past was like, so many of the newest wait for support staff, and so many for their link. */
const IN_REVIEW = 20;
const UNLINKED = 10;

/** Of the orders that `storeOrders` adds, those that are neither linked nor ended, or in review. */
export const UNFINISHED_ORDERS = IN_REVIEW + UNLINKED;

/**
 * Fills Directus' database by COPY with the past of a shop: copies of an order that the product has written, each with
 * ids of its own, its items, its quote and a customer. Constraints and indexes are on. What Directus keeps of who changed
 * what (activity, revisions) is not copied: it is only ever added to, at its end.
 *
 * @param options.likeQuote the quote of the order that is copied. It is linked.
 */
export async function storeOrders(
  session: PostgresSession,
  options: { count: number; likeQuote: string; doing: (what: string) => void },
): Promise<void> {
  const { count, likeQuote, doing } = options;
  const [place] = await session.sql('SHOW data_directory');
  // There PostgreSQL may write, whichever user it runs as.
  const file = path.join(String(place?.['data_directory']), 'orders.copy');
  // COPY takes no values.
  await session.sql('CREATE TEMP TABLE like_quote AS SELECT * FROM quotes WHERE id = $1', likeQuote);
  await session.sql(
    `CREATE TEMP TABLE like_order AS SELECT orders.* FROM orders JOIN like_quote ON orders.quote_id = like_quote.id;
     CREATE TEMP TABLE like_item AS SELECT order_items.* FROM order_items JOIN like_order ON "order" = like_order.id;
     CREATE TEMP TABLE like_customer AS
       SELECT customers.* FROM customers JOIN like_order ON customers.id = like_order.customer;
     SET synchronous_commit = off`,
  );
  const copies = await copiesOf(session);
  try {
    for (let from = 1; from <= count; from += CHUNK) {
      doing(`${from - 1} of ${count} orders are there`);
      const pasts = pastOrders({ from, to: Math.min(count, from + CHUNK - 1), count });
      for (const { table, select } of copies) {
        await session.sql(`COPY (${select(pasts)}) TO '${file}'; COPY ${table} FROM '${file}'`);
      }
    }
  } finally {
    await rm(file, { force: true });
  }
  doing('statistics');
  // As autovacuum would leave them, but not while something is measured.
  for (const { table } of copies) await session.sql(`VACUUM ANALYZE ${table}`);
  await session.sql('CHECKPOINT');
}

/** In SQL: one row for each order, with what tells it from the others. The newest come last, as they do in a table. */
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

interface Copies {
  table: string;
  /** @param pasts what `pastOrders` has made. */
  select: (pasts: string) => string;
}

/** In an order in which nothing points to what is not there yet. */
async function copiesOf(session: PostgresSession): Promise<Copies[]> {
  const columnsOf = async (table: string, changed: Record<string, string>) => {
    const columns = await session.sql(
      'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position',
      'public',
      table,
    );
    return columns.map(({ name }) => changed[String(name)] ?? `model."${String(name)}"`).join(', ');
  };
  const [customer, quote, order, item] = await Promise.all([
    columnsOf('customers', { id: 'past.customer', email: `past.n || '@example.com'` }),
    columnsOf('quotes', {
      id: 'past.quote',
      customer: 'past.customer',
      expires_at: `past.created + interval '10 minutes'`,
    }),
    columnsOf('orders', {
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
    }),
    columnsOf('order_items', { id: `md5('item ' || past.n || ' ' || model.sort)::uuid`, order: 'past.id' }),
  ]);
  return [
    {
      table: 'customers',
      select: (pasts) => `SELECT ${customer} FROM ${pasts}, like_customer AS model WHERE past.is_customers_first`,
    },
    { table: 'quotes', select: (pasts) => `SELECT ${quote} FROM ${pasts}, like_quote AS model` },
    { table: 'orders', select: (pasts) => `SELECT ${order} FROM ${pasts}, like_order AS model` },
    { table: 'order_items', select: (pasts) => `SELECT ${item} FROM ${pasts}, like_item AS model` },
  ];
}
