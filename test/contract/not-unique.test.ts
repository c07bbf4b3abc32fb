import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenStanding } from '../../src/activities/order-creation-activities.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { directusCaller } from '../support/directus-http.ts';
import type { CallDirectus } from '../support/directus-http.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

// Directus answers RECORD_NOT_UNIQUE for every table that a write touches, including its own tables, and for every
// unique field that somebody has added. Only the rows tell whether a quote is used or a link is taken.

let directus: PreparedDirectus;
let admin: CallDirectus;
let worker: DirectusActivities;
let postgres: PostgresSession;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  admin = directusCaller({ url: directus.url, token: directus.adminToken });
  worker = workerActivities(directus);
  postgres = await connectToPostgres(directus.postgres);
}, DIRECTUS_START_TIMEOUT_MS);
afterAll(async () => {
  await postgres.close();
  await directus.stop();
});

/** What must be undone after a test, however the test ends. The last entry comes first. */
const undoing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of undoing.splice(0).toReversed()) await undo();
});

interface OpenCheckout {
  request: CheckoutRequest;
  standing: OpenStanding;
}

async function checkout(request = newCheckoutRequest()): Promise<OpenCheckout> {
  await directus.addQuote(request);
  return { request, standing: await openStanding(worker, request) };
}

async function createdOrder(): Promise<OpenCheckout> {
  const open = await checkout();
  await worker.createOrderRecord(open);
  return open;
}

const mark = ({ standing }: OpenCheckout, status: 'FAILED' | 'NEEDS_REVIEW' | 'PENDING_PAYMENT') =>
  worker.markOrder({ order_id: standing.order_id, status, failure_code: null, failure_reason: null });

async function failedOrder(): Promise<OpenCheckout> {
  const open = await createdOrder();
  await mark(open, 'FAILED');
  return { ...open, standing: await openStanding(worker, open.request) };
}

async function orderInReview(): Promise<OpenCheckout> {
  const open = await createdOrder();
  await mark(open, 'NEEDS_REVIEW');
  return open;
}

async function underAnotherKey({ request }: OpenCheckout): Promise<OpenCheckout> {
  const another = { ...request, idempotency_key: randomUUID() };
  return { request: another, standing: await openStanding(worker, another) };
}

async function rowOf(orderId: string) {
  const [row] = await directus.rows('orders', { id: { _eq: orderId } });
  return row;
}

const newLink = () => ({ ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` });

/** As after a restore: the sequence will give two numbers that are taken already. */
async function lag(table: string): Promise<() => Promise<unknown>> {
  await postgres.sql(`select setval('${table}_id_seq', max(id) - 1, false) from ${table}`);
  const catchUp = () => postgres.sql(`select setval('${table}_id_seq', max(id)) from ${table}`);
  undoing.push(catchUp);
  return catchUp;
}

/** Adds a unique field of COOCO's own, to which a faulty trigger always gives the same value. */
async function addUniqueField(): Promise<() => Promise<unknown>> {
  const other = await createdOrder();
  const field = { field: 'order_no', type: 'string', schema: { is_unique: true } };
  expect(await admin('POST', '/fields/orders', field)).toMatchObject({ status: 200 });
  undoing.push(() => admin('DELETE', '/fields/orders/order_no'));
  await postgres.sql(`
    create function number_order() returns trigger language plpgsql as $$
    begin new.order_no := 'canary'; return new; end $$;
    create trigger number_order before insert or update on orders for each row execute function number_order();
  `);
  const mend = () =>
    postgres.sql('drop trigger if exists number_order on orders; drop function if exists number_order');
  undoing.push(mend);
  await postgres.sql('update orders set status = status where id = $1', other.standing.order_id);
  return mend;
}

const faults = {
  'directus_activity.id': () => lag('directus_activity'),
  'directus_revisions.id': () => lag('directus_revisions'),
  'orders.order_no': addUniqueField,
};

/** Each write of a step: how to prepare its order, how to make the write, and what the order must be in the end. */
const writes = {
  create: {
    prepare: () => checkout(),
    write: (open: OpenCheckout) => worker.createOrderRecord(open),
    done: { status: 'PENDING_PAYMENT' },
  },
  reopen: {
    prepare: failedOrder,
    write: (open: OpenCheckout) => worker.createOrderRecord(open),
    done: { status: 'PENDING_PAYMENT' },
  },
  link: {
    prepare: createdOrder,
    write: ({ standing }: OpenCheckout) => worker.saveLinkIds({ order_id: standing.order_id, link: newLink() }),
    done: { ridendine_order_id: expect.any(String), status: 'PENDING_PAYMENT' },
  },
  'mark as failed': {
    prepare: createdOrder,
    write: (open: OpenCheckout) => mark(open, 'FAILED'),
    done: { status: 'FAILED' },
  },
  'mark as going on': {
    prepare: orderInReview,
    write: (open: OpenCheckout) => mark(open, 'PENDING_PAYMENT'),
    done: { status: 'PENDING_PAYMENT' },
  },
  'mark as cancelled what is missing': {
    prepare: () => checkout(),
    write: ({ request, standing }: OpenCheckout) =>
      worker.markOrder({
        order_id: standing.order_id,
        status: 'CANCELLED',
        failure_code: null,
        failure_reason: null,
        ...('checkout' in standing && { if_missing: { request, checkout: standing.checkout } }),
      }),
    done: { status: 'CANCELLED' },
  },
  'mark with what support staff did': {
    prepare: orderInReview,
    write: ({ standing }: OpenCheckout) =>
      worker.markOrder({
        order_id: standing.order_id,
        status: 'PENDING_PAYMENT',
        failure_code: null,
        failure_reason: null,
        support_action: { id: 'action-1', at: new Date().toISOString(), actor: 'pat', action: 'retry', reason: 'Ok.' },
      }),
    done: { support_actions: [expect.objectContaining({ id: 'action-1' })], status: 'PENDING_PAYMENT' },
  },
};

const everyCase = Object.keys(faults).flatMap((fault) => Object.keys(writes).map((write) => [fault, write])) as [
  keyof typeof faults,
  keyof typeof writes,
][];

describe('a value of which Directus says that it is not unique, and no order explains it', () => {
  it.each(everyCase)('in %s, is tried again and then written: %s', async (field, name) => {
    const { prepare, write, done } = writes[name];
    const open = await prepare();
    const mend = await faults[field]();

    const failures = [await failureOf(write(open)), await failureOf(write(open))];
    await mend();
    await write(open);

    for (const failure of failures) {
      expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
      expect(failure.message).toMatch(`Directus says that a value in ${field} is not unique`);
      expect(JSON.stringify([failure.message, failure.details])).not.toContain('canary');
    }
    expect(await rowOf(open.standing.order_id)).toMatchObject(done);
  });

  it('makes an order by itself when its attempts have used the numbers up by which the sequence lags', async () => {
    const open = await checkout();
    await lag('directus_activity');

    await failureOf(worker.createOrderRecord(open));
    await failureOf(worker.createOrderRecord(open));
    const record = await worker.createOrderRecord(open);

    expect(record.order_id).toBe(open.standing.order_id);
  });

  it('is trouble, too, if only an ended order has the quote', async () => {
    const first = await createdOrder();
    const open = await underAnotherKey(first);
    // Somebody ends the order by hand, without freeing its quote.
    await directus.change('orders', first.standing.order_id, { status: 'CANCELLED' });

    const failure = await failureOf(worker.createOrderRecord(open));

    expect(failure).toMatchObject({ type: 'DirectusUnavailable', nonRetryable: false });
    expect(failure.message).toContain('orders.active_quote_id');
  });
});

describe('a value that another order has', () => {
  it("is a used quote, and the failure names the customer's own order", async () => {
    const first = await createdOrder();
    const open = await underAnotherKey(first);

    const failure = await failureOf(worker.createOrderRecord(open));

    expect(failure).toMatchObject({ type: 'QuoteAlreadyUsed', nonRetryable: true });
    expect(failure.message).toContain(first.standing.order_id);
    expect(failure.details).toEqual([
      {
        used_by: { order_id: first.standing.order_id, idempotency_key: first.request.idempotency_key },
        reason: expect.stringContaining(first.standing.order_id),
      },
    ]);
  });

  it("is a used quote, and nothing is told of another customer's order", async () => {
    const first = await createdOrder();
    const open = await underAnotherKey(first);
    const { customer_id: other } = (await checkout()).request;
    await directus.change('orders', first.standing.order_id, { customer: other });

    const failure = await failureOf(worker.createOrderRecord(open));

    expect(failure).toMatchObject({ type: 'QuoteAlreadyUsed', nonRetryable: true });
    const told = JSON.stringify([failure.message, failure.details]);
    expect(told).not.toContain(first.standing.order_id);
    expect(told).not.toContain(first.request.idempotency_key);
  });

  it('is a used quote while a sequence lags as well', async () => {
    const open = await underAnotherKey(await createdOrder());
    await lag('directus_activity');

    expect(await failureOf(worker.createOrderRecord(open))).toMatchObject({ type: 'QuoteAlreadyUsed' });
  });

  it("is a conflict of links where COOCO's own Directus keeps payment sessions unique", async () => {
    const [one, other] = [await createdOrder(), await createdOrder()];
    const link = newLink();
    await worker.saveLinkIds({ order_id: one.standing.order_id, link });
    await postgres.sql('alter table orders add constraint one_payment unique (payment_session_id)');
    undoing.push(() => postgres.sql('alter table orders drop constraint one_payment'));

    const taken = { ...newLink(), payment_session_id: link.payment_session_id };
    const failure = await failureOf(worker.saveLinkIds({ order_id: other.standing.order_id, link: taken }));

    expect(failure).toMatchObject({ type: 'LinkConflict', nonRetryable: true });
    expect(failure.message).toMatch(/^Another order already has this payment session\./);
  });
});
