import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { OpenStanding } from '../../src/activities/order-creation-activities.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { deriveOrderItemId } from '../../src/domain/order-ids.ts';
import type { RunningPostgres } from '../../stack/postgres.ts';
import { newCheckoutRequest } from '../support/builders.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import type { PostgresSession } from '../support/postgres-session.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { failureOf, openStanding, workerActivities } from '../support/worker-activities.ts';
import type { DirectusActivities } from '../support/worker-activities.ts';

// The database fails while Directus uses it. Whatever happens, an attempt must end with a failure that can be retried,
// nothing may be half written, and the next attempt must leave one order with all of its items.

let directus: PreparedDirectus;
let worker: DirectusActivities;
/** Gives up on Directus long before a test releases a lock. */
let hastyWorker: DirectusActivities;
let postgres: PostgresSession;

beforeAll(async () => {
  directus = await startPreparedDirectus();
  worker = workerActivities(directus);
  hastyWorker = workerActivities({ ...directus, timeoutMs: 400 });
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

async function checkout(): Promise<OpenCheckout> {
  const request = newCheckoutRequest();
  await directus.addQuote(request);
  return { request, standing: await openStanding(worker, request) };
}

async function createdOrder(): Promise<OpenCheckout> {
  const open = await checkout();
  await worker.createOrderRecord(open);
  return open;
}

/** How many rows an order has. Items without an order count, too, and so does a second order from the quote. */
async function rowsOf({ request, standing }: OpenCheckout, session = postgres) {
  const [counts] = await session.sql(
    `select (select count(*)::int from orders where quote_id = $1 or id = $2) as orders,
            (select count(*)::int from order_items where "order" = $2 or id = any($3::uuid[])) as items`,
    request.quote_id,
    standing.order_id,
    itemIds(standing.order_id),
  );
  return counts;
}

const itemIds = (orderId: string) => [deriveOrderItemId(orderId, 0), deriveOrderItemId(orderId, 1)];
const nothing = { orders: 0, items: 0 };
const whole = { orders: 1, items: 2 };

async function orderRow(orderId: string) {
  const [row] = await postgres.sql('select * from orders where id = $1', orderId);
  return row;
}

const retryable = { type: 'DirectusUnavailable', nonRetryable: false };

/** Directus itself reported the failure: the attempt did not merely run out of time. */
const answered500 = { ...retryable, message: expect.stringMatching(/^Directus answered 500\.\n/) };
const timedOut = { ...retryable, message: expect.stringMatching(/^Directus did not answer within 400 ms\.\n/) };

/** Makes attempts as Temporal does, as long as the failure can be retried. */
async function untilDone<Output>(attempt: () => Promise<Output>): Promise<Output> {
  for (let left = 30; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof ApplicationFailure) || error.nonRetryable === true) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function connect(): Promise<PostgresSession> {
  const opened = await connectToPostgres(directus.postgres);
  undoing.push(() => opened.close().catch(() => {}));
  return opened;
}

/** Begins a transaction in another session that has executed `statement` and keeps its locks. */
async function transaction(statement: string, ...values: unknown[]): Promise<PostgresSession> {
  const other = await connect();
  await other.sql('begin');
  await other.sql(statement, ...values);
  return other;
}

/** Stops a `createOrderRecord` in the middle: its order is written, and its last item waits for this transaction. */
function transactionBeforeLastItem({ standing }: OpenCheckout): Promise<PostgresSession> {
  return transaction('insert into order_items (id) values ($1)', deriveOrderItemId(standing.order_id, 1));
}

/** Waits until a connection of Directus waits for the lock of another session. */
async function untilDirectusWaits(): Promise<void> {
  await pWaitFor(async () => (await waiting()).length > 0, { interval: 20, timeout: 60_000 });
}

function waiting() {
  return postgres.sql(`select pid from pg_stat_activity where wait_event_type = 'Lock' and state = 'active'`);
}

/**
 * Changes a setting of the server for the rest of the test, in open connections, too.
 *
 * @returns a function that undoes the change earlier.
 */
async function configure(name: string, value: string): Promise<() => Promise<void>> {
  const change = async (statement: string, isDone: (current: unknown) => boolean) => {
    await postgres.sql(statement);
    await postgres.sql('select pg_reload_conf()');
    const current = async () => (await postgres.sql('select current_setting($1) as value', name))[0]?.['value'];
    await pWaitFor(async () => isDone(await current()), { interval: 20, timeout: 60_000 });
  };
  const undo = () => change(`alter system reset ${name}`, (current) => current !== value);
  undoing.push(undo);
  await change(`alter system set ${name} = '${value}'`, (current) => current === value);
  return undo;
}

/** A trigger whose first `times` runs fail with `code`. A sequence counts them, as a rollback does not undo it. */
async function failing(options: { table: string; when: 'at once' | 'at the commit'; code: string; times: number }) {
  const { table, when, code, times } = options;
  const timing = when === 'at once' ? 'initially immediate' : 'deferrable initially deferred';
  undoing.push(() =>
    postgres.sql(`drop trigger fault on ${table}; drop function raise_fault; drop sequence fault_runs`),
  );
  await postgres.sql(`
    create sequence fault_runs;
    create function raise_fault() returns trigger language plpgsql as $$
    begin
      if nextval('fault_runs') <= ${times} then raise exception 'fault' using errcode = '${code}'; end if;
      return null;
    end $$;
    create constraint trigger fault after insert or update on ${table}
      ${timing} for each row execute function raise_fault();
  `);
}

async function faultRuns(): Promise<number> {
  const [row] = await postgres.sql('select last_value::int as runs from fault_runs where is_called');
  return Number(row?.['runs'] ?? 0);
}

const newLink = () => ({ ridendine_order_id: `r-${randomUUID()}`, payment_session_id: `p-${randomUUID()}` });

function failedMark({ request, standing }: OpenCheckout) {
  return {
    order_id: standing.order_id,
    status: 'FAILED',
    quote_id: request.quote_id,
    failure_code: 'RideNDineRejected',
    failure_reason: 'RideNDine refused the order (422).',
  } as const;
}

describe('a serialization failure', () => {
  it.each([
    ['at the order', { table: 'orders', when: 'at once' }],
    ['at an item, when the order is written', { table: 'order_items', when: 'at once' }],
    ['at the commit, when everything is written', { table: 'orders', when: 'at the commit' }],
  ] as const)('leaves nothing of an order, and the next attempt makes a whole one: %s', async (_where, fault) => {
    const open = await checkout();
    await failing({ ...fault, code: '40001', times: 1 });

    const failure = await failureOf(worker.createOrderRecord(open));
    const runs = await faultRuns();
    const left = await rowsOf(open);
    const record = await worker.createOrderRecord(open);

    expect(failure).toMatchObject(answered500);
    expect(runs).toBe(1);
    expect(left).toEqual(nothing);
    expect(record).toMatchObject({ order_id: open.standing.order_id, maybe_sent_before: false });
    expect(await rowsOf(open)).toEqual(whole);
  });

  it('between two transactions that change the order lets the link be saved at the next attempt', async () => {
    const open = await createdOrder();
    const link = newLink();
    await configure('default_transaction_isolation', 'serializable');
    const other = await transaction('update orders set failure_reason = null where id = $1', open.standing.order_id);

    const saving = failureOf(worker.saveLinkIds({ order_id: open.standing.order_id, link }));
    await untilDirectusWaits();
    await other.sql('commit');
    const failure = await saving;
    const before = await orderRow(open.standing.order_id);
    const result = await worker.saveLinkIds({ order_id: open.standing.order_id, link });

    expect(failure).toMatchObject(answered500);
    expect(before).toMatchObject({ ridendine_order_id: null, payment_session_id: null });
    expect(result).toMatchObject(link);
    expect(await orderRow(open.standing.order_id)).toMatchObject(link);
  });

  it('between two transactions that change the order lets it be marked at the next attempt', async () => {
    const open = await createdOrder();
    await configure('default_transaction_isolation', 'serializable');
    const other = await transaction('update orders set failure_reason = null where id = $1', open.standing.order_id);

    const marking = failureOf(worker.markOrder(failedMark(open)));
    await untilDirectusWaits();
    await other.sql('commit');
    const failure = await marking;
    const before = await orderRow(open.standing.order_id);
    await worker.markOrder(failedMark(open));

    expect(failure).toMatchObject(answered500);
    expect(before).toMatchObject({ status: 'PENDING_PAYMENT', active_quote_id: open.request.quote_id });
    expect(await orderRow(open.standing.order_id)).toMatchObject({ status: 'FAILED', active_quote_id: null });
  });

  it('among many attempts at once still makes one order', async () => {
    const open = await checkout();
    await configure('default_transaction_isolation', 'serializable');

    const records = await Promise.all(
      Array.from({ length: 15 }, () => untilDone(() => worker.createOrderRecord(open))),
    );

    expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(1);
    expect(await rowsOf(open)).toEqual(whole);
  });
});

describe('a deadlock', () => {
  it('with somebody else is undone, and makes one order', async () => {
    const open = await checkout();
    // PostgreSQL aborts the session that looks for a deadlock first. That must be the session of Directus.
    await configure('deadlock_timeout', '1500ms');
    const other = await connect();
    await other.sql(`set deadlock_timeout = '60s'`);
    await other.sql('begin');
    await other.sql('insert into order_items (id) values ($1)', deriveOrderItemId(open.standing.order_id, 1));

    const creating = untilDone(() => worker.createOrderRecord(open));
    await untilDirectusWaits();
    // This insert gets the order's id only after the transaction of Directus was aborted.
    await other.sql('insert into orders (id) values ($1)', open.standing.order_id);
    await other.sql('rollback');
    const record = await creating;

    expect(record.order_id).toBe(open.standing.order_id);
    expect(await rowsOf(open)).toEqual(whole);
  });

  it('that Directus does not get out of by itself is for the next attempt', async () => {
    const open = await checkout();
    // Directus tries four times.
    await failing({ table: 'order_items', when: 'at once', code: '40P01', times: 4 });

    const failure = await failureOf(worker.createOrderRecord(open));
    const left = await rowsOf(open);
    await worker.createOrderRecord(open);

    expect(failure).toMatchObject(answered500);
    expect(left).toEqual(nothing);
    expect(await rowsOf(open)).toEqual(whole);
  });
});

describe('a connection that is cut', () => {
  it('in the middle of an order leaves nothing of it, and the next attempt makes a whole one', async () => {
    const open = await checkout();
    const other = await transactionBeforeLastItem(open);

    const creating = failureOf(worker.createOrderRecord(open));
    await untilDirectusWaits();
    for (const { pid } of await waiting()) await postgres.sql('select pg_terminate_backend($1)', pid);
    const failure = await creating;
    await other.sql('rollback');
    const left = await rowsOf(open);
    const record = await worker.createOrderRecord(open);

    expect(failure).toMatchObject(answered500);
    expect(left).toEqual(nothing);
    expect(record.order_id).toBe(open.standing.order_id);
    expect(await rowsOf(open)).toEqual(whole);
  });

  it('in the middle of a link leaves none, and the next attempt saves it', async () => {
    const open = await createdOrder();
    const link = newLink();
    const other = await transaction('select from orders where id = $1 for update', open.standing.order_id);

    const saving = failureOf(worker.saveLinkIds({ order_id: open.standing.order_id, link }));
    await untilDirectusWaits();
    for (const { pid } of await waiting()) await postgres.sql('select pg_terminate_backend($1)', pid);
    const failure = await saving;
    await other.sql('rollback');
    const before = await orderRow(open.standing.order_id);
    await worker.saveLinkIds({ order_id: open.standing.order_id, link });

    expect(failure).toMatchObject(answered500);
    expect(before).toMatchObject({ ridendine_order_id: null });
    expect(await orderRow(open.standing.order_id)).toMatchObject(link);
  });
});

async function takeEveryConnection(): Promise<PostgresSession[]> {
  const taken: PostgresSession[] = [];
  for (;;) {
    const connection = await connect().catch(String);
    if (typeof connection !== 'string') {
      taken.push(connection);
      continue;
    }
    if (!connection.includes('too many clients')) throw new Error(connection);
    return taken;
  }
}

/** Makes an attempt at each activity that writes, and expects that its failure can be retried. */
async function expectEveryActivityToBeRetryable(open: OpenCheckout, existing: OpenCheckout) {
  const failures = await Promise.all([
    failureOf(worker.createOrderRecord(open)),
    failureOf(worker.saveLinkIds({ order_id: existing.standing.order_id, link: newLink() })),
    failureOf(worker.markOrder(failedMark(existing))),
  ]);
  for (const failure of failures) expect(failure).toMatchObject(retryable);
}

describe('a database that takes no writes', () => {
  it('lets each step be tried again, changes nothing, and serves the next attempt', async () => {
    const [open, existing] = [await checkout(), await createdOrder()];
    const before = await orderRow(existing.standing.order_id);
    const allowWrites = await configure('default_transaction_read_only', 'on');

    await expectEveryActivityToBeRetryable(open, existing);
    const left = [await rowsOf(open), await orderRow(existing.standing.order_id)];
    await allowWrites();
    await untilDone(() => worker.createOrderRecord(open));

    expect(left).toEqual([nothing, before]);
    expect(await rowsOf(open)).toEqual(whole);
  });
});

describe('a database without a free connection', () => {
  it('lets each step be tried again, changes nothing, and serves the next attempt', async () => {
    const [open, existing] = [await checkout(), await createdOrder()];
    const before = await orderRow(existing.standing.order_id);
    // Directus keeps connections that it has used. This ends them, so that Directus needs new ones.
    await postgres.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    const taken = await takeEveryConnection();

    await expectEveryActivityToBeRetryable(open, existing);
    const refused = await failureOf(worker.validateCheckout(open.request));
    const left = [await rowsOf(open), await orderRow(existing.standing.order_id)];
    for (const connection of taken) await connection.close();
    const record = await untilDone(() => worker.createOrderRecord(open));

    expect(refused).toMatchObject(retryable);
    expect(left).toEqual([nothing, before]);
    expect(record.order_id).toBe(open.standing.order_id);
    expect(await rowsOf(open)).toEqual(whole);
  });
});

describe('a lock that outlasts the attempt', () => {
  it('ends the attempt; the order that Directus writes late is found by the next, and is the only one', async () => {
    const open = await checkout();
    const other = await transactionBeforeLastItem(open);

    const failure = await failureOf(hastyWorker.createOrderRecord(open));
    const again = await failureOf(hastyWorker.createOrderRecord(open));
    const left = await rowsOf(open);
    await other.sql('rollback');
    await pWaitFor(async () => (await rowsOf(open))?.['orders'] === 1, { interval: 20, timeout: 60_000 });
    const late = await rowsOf(open);
    const record = await worker.createOrderRecord(open);

    expect([failure, again]).toEqual([expect.objectContaining(timedOut), expect.objectContaining(timedOut)]);
    expect(left).toEqual(nothing);
    expect(late).toEqual(whole);
    expect(record).toMatchObject({ order_id: open.standing.order_id, maybe_sent_before: false });
    expect(await rowsOf(open)).toEqual(whole);
  });

  it('ends the attempt; the next waits for the order that is still being written, and is the only one', async () => {
    const open = await checkout();
    const other = await transactionBeforeLastItem(open);
    const failure = await failureOf(hastyWorker.createOrderRecord(open));

    const creating = worker.createOrderRecord(open);
    // The first attempt waits for the item, and the second attempt waits for the first one.
    await pWaitFor(async () => (await waiting()).length === 2, { interval: 20, timeout: 60_000 });
    await other.sql('rollback');
    const record = await creating;

    expect(failure).toMatchObject(timedOut);
    expect(record.order_id).toBe(open.standing.order_id);
    expect(await rowsOf(open)).toEqual(whole);
  });

  it('ends the attempt at a link; the link that Directus saves late is what the next finds', async () => {
    const { standing } = await createdOrder();
    const link = newLink();
    const other = await transaction('select from orders where id = $1 for update', standing.order_id);

    const failure = await failureOf(hastyWorker.saveLinkIds({ order_id: standing.order_id, link }));
    const before = await orderRow(standing.order_id);
    await other.sql('rollback');
    const result = await untilDone(() => worker.saveLinkIds({ order_id: standing.order_id, link }));

    expect(failure).toMatchObject(timedOut);
    expect(before).toMatchObject({ ridendine_order_id: null });
    expect(result).toMatchObject(link);
    expect(await orderRow(standing.order_id)).toMatchObject({ ...link, status: 'PENDING_PAYMENT' });
  });
});

// These tests come last, because they end every connection.
describe('a database that goes away', () => {
  /** The server that runs now. */
  let server: RunningPostgres;
  beforeAll(() => {
    server = directus.postgres;
  });

  it.each([
    ['stopped', () => server.stop()],
    ['killed', async () => void process.kill(server.pid, 'SIGKILL')],
  ])('leaves nothing of an order, and serves the next attempt once it is back: %s in the middle', async (_how, end) => {
    const [open, existing] = [await checkout(), await createdOrder()];
    const link = newLink();
    await transactionBeforeLastItem(open);

    const creating = failureOf(worker.createOrderRecord(open));
    await untilDirectusWaits();
    await end();
    const failure = await creating;
    await expectEveryActivityToBeRetryable(open, existing);
    const refused = await failureOf(worker.validateCheckout(open.request));
    server = await directus.startPostgresAgain();
    await postgres.close().catch(() => {});
    postgres = await connectToPostgres(directus.postgres);
    const left = await rowsOf(open);
    const record = await untilDone(() => worker.createOrderRecord(open));
    await untilDone(() => worker.saveLinkIds({ order_id: existing.standing.order_id, link }));

    expect(failure).toMatchObject(retryable);
    expect(refused).toMatchObject(retryable);
    expect(left).toEqual(nothing);
    expect(record).toMatchObject({ order_id: open.standing.order_id, maybe_sent_before: false });
    expect(await rowsOf(open)).toEqual(whole);
    expect(await orderRow(existing.standing.order_id)).toMatchObject({ ...link, status: 'PENDING_PAYMENT' });
  });
});
