import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { applySchema } from '../../src/integrations/directus/schema/apply-schema.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

// Somebody drops a constraint in PostgreSQL itself, where Directus does not see it. These tests show what still holds
// and what does not, and that `npm run directus:apply` restores the constraint or says why it cannot.

let directus: PreparedDirectus;
let worker: DirectusActivities;
let postgres: PostgresSession;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  worker = workerActivities(directus);
  postgres = await connectToPostgres(directus.postgres);
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(async () => {
  await postgres.close();
  await directus.stop();
});

const apply = () => applySchema({ ...directus, log: () => {} });

async function dropConstraint(table: string, name: string) {
  // From now on Directus remembers the table, as it does when somebody opens it in Data Studio.
  await apply();
  await postgres.sql(`alter table ${table} drop constraint ${name} cascade`);
}

/** The constraints of our tables, as PostgreSQL spells them. */
async function constraints() {
  const rows = await postgres.sql(
    `select conrelid::regclass || ': ' || pg_get_constraintdef(oid) as text from pg_constraint
     where conrelid in ('orders'::regclass, 'order_items'::regclass) and contype in ('p', 'u', 'f') order by 1`,
  );
  return rows.map((row) => row['text']);
}

const all = [
  'order_items: FOREIGN KEY ("order") REFERENCES orders(id) ON DELETE CASCADE',
  'order_items: PRIMARY KEY (id)',
  'orders: FOREIGN KEY (customer) REFERENCES customers(id)',
  'orders: FOREIGN KEY (store) REFERENCES stores(id)',
  'orders: PRIMARY KEY (id)',
  'orders: UNIQUE (active_quote_id)',
  'orders: UNIQUE (idempotency_key)',
  'orders: UNIQUE (ridendine_order_id)',
];

async function checkout(): Promise<CheckoutRequest> {
  const request = newCheckoutRequest();
  await directus.addQuote(request);
  return request;
}

async function create(request: CheckoutRequest) {
  return worker.createOrderRecord({ request, standing: await openStanding(worker, request) });
}

function ordersOf(request: CheckoutRequest) {
  return postgres.sql('select id, status, active_quote_id from orders where quote_id = $1', request.quote_id);
}

const underAnotherKey = (request: CheckoutRequest) => ({ ...request, idempotency_key: randomUUID() });
const newLink = () => ({ ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` });

describe('the schema as it is applied', () => {
  it('has every constraint that the promise rests on', async () => {
    expect(await constraints()).toEqual(all);
  });
});

describe('without the unique active_quote_id', () => {
  it('a quote makes two live orders, and the schema is not restored before one of them is given up', async () => {
    const request = await checkout();
    const first = await create(request);
    await dropConstraint('orders', 'orders_active_quote_id_unique');

    const second = await create(underAnotherKey(request));
    expect(await ordersOf(request)).toHaveLength(2);

    const refused = apply();
    await expect(refused).rejects.toThrow(
      'Several rows of orders have the same active_quote_id, which must be unique: correct them and try again.',
    );
    expect(await constraints()).toEqual(all.filter((text) => text !== 'orders: UNIQUE (active_quote_id)'));

    await worker.markOrder({
      order_id: second.order_id,
      status: 'CANCELLED',
      failure_code: null,
      failure_reason: null,
    });
    expect((await apply()).changed).toEqual(['orders.active_quote_id: changed']);

    expect(await constraints()).toEqual(all);
    expect(await failureOf(create(underAnotherKey(request)))).toMatchObject({ type: 'QuoteAlreadyUsed' });
    expect(await ordersOf(request)).toEqual(
      expect.arrayContaining([
        { id: first.order_id, status: 'PENDING_PAYMENT', active_quote_id: request.quote_id },
        { id: second.order_id, status: 'CANCELLED', active_quote_id: null },
      ]),
    );
  });

  it.each([
    ['of some orders only', "(active_quote_id) where status = 'PAID'"],
    ['of the quote and something else', '(active_quote_id, status)'],
  ])('a unique index %s does not pass for it', async (_what, columns) => {
    await dropConstraint('orders', 'orders_active_quote_id_unique');
    await postgres.sql(`create unique index not_ours on orders ${columns}`);
    try {
      expect((await apply()).changed).toEqual(['orders.active_quote_id: changed']);
      expect(await constraints()).toEqual(all);
    } finally {
      await postgres.sql('drop index not_ours');
    }
  });
});

describe('without the unique idempotency_key', () => {
  it('a key still makes one order, by the primary key, until the schema is restored', async () => {
    const request = await checkout();
    const standing = await openStanding(worker, request);
    await dropConstraint('orders', 'orders_idempotency_key_unique');

    const [first, ...others] = await Promise.all(
      Array.from({ length: 10 }, () => worker.createOrderRecord({ request, standing })),
    );

    for (const other of others) expect(other).toEqual(first);
    expect(await ordersOf(request)).toHaveLength(1);
    expect((await apply()).changed).toEqual(['orders.idempotency_key: changed']);
    expect(await constraints()).toEqual(all);
  });
});

describe('without the unique ridendine_order_id', () => {
  it('two orders take the same RideNDine order, and the schema is not restored before one is corrected', async () => {
    const [one, other] = [await create(await checkout()), await create(await checkout())];
    const link = newLink();
    await dropConstraint('orders', 'orders_ridendine_order_id_unique');
    await worker.saveLinkIds({ order_id: one.order_id, link });

    await worker.saveLinkIds({ order_id: other.order_id, link });

    await expect(apply()).rejects.toThrow('Several rows of orders have the same ridendine_order_id');
    await postgres.sql(
      'update orders set ridendine_order_id = null, payment_session_id = null where id = $1',
      other.order_id,
    );
    expect((await apply()).changed).toEqual(['orders.ridendine_order_id: changed']);
    expect(await constraints()).toEqual(all);
    expect(await failureOf(worker.saveLinkIds({ order_id: other.order_id, link }))).toMatchObject({
      type: 'LinkConflict',
    });
  });
});

describe('without a primary key', () => {
  it('of the orders, a key still makes one order, by its uniqueness', async () => {
    const request = await checkout();
    const standing = await openStanding(worker, request);
    await dropConstraint('orders', 'orders_pkey');
    try {
      const first = await worker.createOrderRecord({ request, standing });
      const again = await worker.createOrderRecord({ request, standing });

      expect(again).toEqual(first);
      expect(await ordersOf(request)).toHaveLength(1);
    } finally {
      await postgres.sql('alter table orders add primary key (id)');
    }
    // The items' relation to their order depends on the primary key of the orders, so it was dropped, too.
    expect((await apply()).changed).toEqual(['order_items.order (relation): changed']);
    expect(await constraints()).toEqual(all);
  });

  it.each(['orders', 'order_items'])(
    'of %s, applying the schema says what to do, and the checkout waits until it is done',
    async (table) => {
      const request = await checkout();
      const standing = await openStanding(worker, request);
      await dropConstraint(table, `${table}_pkey`);

      await expect(apply()).rejects.toThrow(
        `The table ${table} has lost its primary key, so Directus cannot see it: ` +
          `restore it (ALTER TABLE ${table} ADD PRIMARY KEY (id)) and try again.`,
      );
      // Now Directus knows that the table is no longer one of its collections.
      const failure = await failureOf(worker.createOrderRecord({ request, standing }));
      const written = await ordersOf(request);
      await postgres.sql(`alter table ${table} add primary key (id)`);
      await apply();
      const record = await worker.createOrderRecord({ request, standing });

      expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
      expect(written).toEqual([]);
      expect(await constraints()).toEqual(all);
      expect(await ordersOf(request)).toEqual([expect.objectContaining({ id: record.order_id })]);
    },
  );
});

describe('without a foreign key', () => {
  it.each([
    ['orders', 'customer'],
    ['orders', 'store'],
    ['order_items', 'order'],
  ])('applying the schema puts that of %s.%s back', async (table, field) => {
    await dropConstraint(table, `${table}_${field}_foreign`);

    expect((await apply()).changed).toEqual([`${table}.${field} (relation): changed`]);

    expect(await constraints()).toEqual(all);
    expect(await apply()).toEqual({ changed: [], mismatches: [] });
  });

  it('an order loses its customer, and the schema is not restored before somebody has looked at it', async () => {
    const request = await checkout();
    const { order_id } = await create(request);
    await dropConstraint('orders', 'orders_customer_foreign');
    await postgres.sql('delete from customers where id = $1', request.customer_id);

    await expect(apply()).rejects.toThrow('violates foreign key constraint "orders_customer_foreign"');

    await postgres.sql('update orders set customer = null where id = $1', order_id);
    await apply();
    expect(await constraints()).toEqual(all);
  });
});
