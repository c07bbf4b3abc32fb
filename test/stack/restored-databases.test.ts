import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pWaitFor from 'p-wait-for';
import { OrderCreationClient } from '../../src/client/index.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import type { OrderCreationStage } from '../../src/contract/runs.ts';
import { newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import { startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { expectDone, runProgram } from '../support/run-program.ts';
import { startSandbox } from '../support/running-sandbox.ts';
import type { RunningSandbox } from '../support/running-sandbox.ts';
import type { StartedProgram } from '../support/start-program.ts';
import { testEncryptionKeys } from '../support/test-encryption.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const WAIT_MS = 60_000;
/** With these settings, the sweep takes on every unfinished order within seconds. */
const EAGER_SWEEP = { WORKER_SWEEP_INTERVAL: '1s', WORKER_SWEEP_AFTER: '1s' };

let directus: PreparedDirectus;
let ridendine: RunningSandbox;
const cleanUps: (() => unknown)[] = [];
beforeAll(async () => {
  [directus, ridendine] = await Promise.all([startPreparedDirectus(), startSandbox()]);
}, 360_000);
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
}, 240_000);
afterAll(async () => {
  await Promise.all([directus?.stop(), ridendine?.close()]);
});

describe("Temporal's database, lost with everything in it", () => {
  it('loses no order: an empty one continues those in flight and in review, and the linked ones keep their ids', async () => {
    const lost = await startWorld();
    const [linked, inFlight, inReview] = await newCheckouts(3);
    const ids = await lost.orders.createOrder(linked, { timeoutMs: WAIT_MS });
    await holdAtRideNDine(lost, inFlight);
    await bringIntoReview(lost, inReview);
    await lost.stop();
    await ridendine.clearFaults();

    const empty = await startWorld({ ...EAGER_SWEEP, WORKER_BUILD_ID: 'of-an-image' });
    // Workers of an image have a build, and an empty Temporal has no current build.
    const made = await runProgram('deployment', ['current', 'of-an-image'], { TEMPORAL_ADDRESS: empty.address });

    expectDone(made);
    await untilStage(empty, inFlight, 'LINKED');
    await untilStage(empty, inReview, 'NEEDS_REVIEW');
    const again = await empty.orders.createOrder(linked, { timeoutMs: WAIT_MS });
    expect(again).toMatchObject({ payment_session_id: paymentOf(ids) });
    expect(await rowOf(inReview)).toMatchObject({ status: 'NEEDS_REVIEW', failure_code: 'RideNDineRejected' });
    for (const checkout of [linked, inFlight]) await expectOneLinkedOrder(checkout);
  }, 240_000);
});

describe("Directus' database, restored from a backup", () => {
  it('of before the link: the sweep writes the same ids again, though the run has completed', async () => {
    const world = await startWorld(EAGER_SWEEP);
    const [checkout] = await newCheckouts(1);
    await holdAtRideNDine(world, checkout);
    const backup = await backUpOrders();
    await ridendine.clearFaults();
    await untilStage(world, checkout, 'LINKED');
    const before = await rowOf(checkout);

    await backup.restore();

    await pWaitFor(async () => (await rowOf(checkout))?.['payment_session_id'] !== null, { timeout: WAIT_MS });
    expect(await rowOf(checkout)).toMatchObject({ ridendine_order_id: before?.['ridendine_order_id'] });
    await expectOneLinkedOrder(checkout);
  }, 240_000);

  it('of before the order: the customer keeps the ids; the order is made anew, with the same, once its run is deleted', async () => {
    const world = await startWorld(EAGER_SWEEP);
    const [checkout] = await newCheckouts(1);
    const backup = await backUpOrders();
    const ids = await world.orders.createOrder(checkout, { timeoutMs: WAIT_MS });

    await backup.restore();

    const told = await world.orders.createOrder(checkout, { timeoutMs: WAIT_MS });
    const missing = await rowOf(checkout);
    await world.deleteRun(checkout);
    const anew = await world.orders.createOrder(checkout, { timeoutMs: WAIT_MS });
    expect([paymentOf(told), missing, paymentOf(anew)]).toEqual([paymentOf(ids), undefined, paymentOf(ids)]);
    await expectOneLinkedOrder(checkout);
  }, 240_000);

  it('of before an order that is in flight: its run waits for the row, and a new run makes it once that one is terminated', async () => {
    const world = await startWorld(EAGER_SWEEP);
    const [checkout] = await newCheckouts(1);
    const backup = await backUpOrders();
    await holdAtRideNDine(world, checkout);

    await backup.restore();

    await ridendine.clearFaults();
    await untilStage(world, checkout, 'SAVING_LINK');
    expect(await rowOf(checkout)).toBeUndefined();
    await world.client.workflow.getHandle(workflowIdOf(checkout)).terminate('The order was lost with the database.');
    await world.orders.createOrder(checkout, { timeoutMs: WAIT_MS });
    await expectOneLinkedOrder(checkout);
  }, 240_000);
});

describe("A sequence of Directus' own tables that lags behind them after a restore", () => {
  it('is no used quote: nobody has used it, and the order is made once the sequence has caught up', async () => {
    const world = await startWorld();
    const [checkout] = await newCheckouts(1);
    const catchUp = await lag('directus_activity');

    await world.orders.createOrder(checkout, { timeoutMs: 0 });
    await untilTriedAgain(world, checkout);
    const view = await world.orders.getOrder(checkout.idempotency_key);
    await catchUp();
    await world.orders.createOrder(checkout, { timeoutMs: WAIT_MS });

    expect(view).toMatchObject({ state: 'IN_PROGRESS', stage: 'CREATING_RECORD' });
    await expectOneLinkedOrder(checkout);
  }, 240_000);

  it('is no conflict of links: no other order has the ids, which are saved once the sequence has caught up', async () => {
    const world = await startWorld();
    const [checkout] = await newCheckouts(1);
    await holdAtRideNDine(world, checkout);
    const catchUp = await lag('directus_activity');

    await ridendine.clearFaults();
    await untilStage(world, checkout, 'SAVING_LINK');
    await untilTriedAgain(world, checkout);
    const view = await world.orders.getOrder(checkout.idempotency_key);
    await catchUp();
    await untilStage(world, checkout, 'LINKED');

    expect(view).toMatchObject({ state: 'IN_PROGRESS', stage: 'SAVING_LINK' });
    await expectOneLinkedOrder(checkout);
  }, 240_000);
});

interface World {
  orders: OrderCreationClient;
  client: Client;
  /** The address of Temporal. */
  address: string;
  deleteRun(checkout: CheckoutRequest): Promise<void>;
  /** Removes all that Temporal knows. */
  stop(): Promise<void>;
}

/** Starts a Temporal without data, and a worker for it. */
async function startWorld(settings: Record<string, string> = { WORKER_SWEEP: 'off' }): Promise<World> {
  const temporal: EmbeddedTemporal = await startEmbeddedTemporal();
  cleanUps.push(() => temporal.stop());
  const worker: StartedProgram = await startWorkerProgram({ temporal, directus, ridendine }, settings);
  cleanUps.push(() => worker.stop());
  const connection = await Connection.connect({ address: temporal.settings.address });
  cleanUps.push(() => connection.close());
  const orders = OrderCreationClient.connect({ ...temporal.settings, encryptionKeys: testEncryptionKeys });
  cleanUps.push(() => orders.close());
  const client = new Client({ connection });
  return {
    orders,
    client,
    address: temporal.settings.address,
    async deleteRun(checkout) {
      const { namespace } = temporal.settings;
      const workflowExecution = { workflowId: workflowIdOf(checkout) };
      await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
      await pWaitFor(
        async () => {
          const { count } = await client.workflow.count(`WorkflowId = "${workflowIdOf(checkout)}"`);
          return count === 0;
        },
        { timeout: WAIT_MS },
      );
    },
    async stop() {
      for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
    },
  };
}

async function newCheckouts<Count extends 1 | 3>(
  count: Count,
): Promise<Count extends 1 ? [CheckoutRequest] : [CheckoutRequest, CheckoutRequest, CheckoutRequest]> {
  const checkouts = Array.from({ length: count }, () => newPickupRequest());
  for (const checkout of checkouts) await directus.addQuote(checkout);
  return checkouts as never;
}

/** Begins an order whose row is written, and for which RideNDine answers every call with 503. */
async function holdAtRideNDine({ orders }: World, checkout: CheckoutRequest): Promise<void> {
  await ridendine.addFault({ kind: 'status', status: 503, times: null, quote_id: checkout.quote_id });
  await orders.createOrder(checkout, { timeoutMs: 0 });
  await pWaitFor(async () => (await ridendine.calls()).some(({ quote_id }) => quote_id === checkout.quote_id), {
    timeout: WAIT_MS,
  });
}

async function bringIntoReview(world: World, checkout: CheckoutRequest): Promise<void> {
  const { quote_id } = checkout;
  await ridendine.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
  await ridendine.addFault({ kind: 'status', status: 422, quote_id });
  await world.orders.createOrder(checkout, { timeoutMs: 0 });
  await pWaitFor(async () => (await rowOf(checkout))?.['status'] === 'NEEDS_REVIEW', { timeout: WAIT_MS });
}

async function untilStage(world: World, { idempotency_key }: CheckoutRequest, stage: OrderCreationStage) {
  await pWaitFor(
    async () => {
      const view = await world.orders.getOrder(idempotency_key).catch(() => undefined);
      return view?.stage === stage;
    },
    { interval: 100, timeout: WAIT_MS },
  );
}

/** Backs up the orders and their items as they are now. `restore` puts them back. */
async function backUpOrders(): Promise<{ restore(): Promise<void> }> {
  const session = await connectToPostgres(directus.postgres);
  await session.sql(`
    DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup;
    CREATE TABLE backup.orders AS TABLE public.orders; CREATE TABLE backup.order_items AS TABLE public.order_items;`);
  return {
    async restore() {
      await session.sql(`
        BEGIN; DELETE FROM public.order_items; DELETE FROM public.orders;
        INSERT INTO public.orders SELECT * FROM backup.orders;
        INSERT INTO public.order_items SELECT * FROM backup.order_items; COMMIT;`);
      await session.close();
    },
  };
}

/** Lets the sequence of a table begin anew, as after a restore of rows without their sequence. */
async function lag(table: string): Promise<() => Promise<unknown>> {
  const session = await connectToPostgres(directus.postgres);
  cleanUps.push(() => session.close());
  const catchUp = () => session.sql(`select setval('${table}_id_seq', (select max(id) from ${table}))`);
  cleanUps.push(catchUp);
  await session.sql(`select setval('${table}_id_seq', 1, false)`);
  return catchUp;
}

/** Waits until a step of the order has failed twice as an activity. */
async function untilTriedAgain({ client }: World, checkout: CheckoutRequest): Promise<void> {
  await pWaitFor(
    async () => {
      const execution = { workflowId: workflowIdOf(checkout) };
      const { namespace } = client.options;
      const { pendingActivities } = await client.workflowService.describeWorkflowExecution({ namespace, execution });
      return pendingActivities.some(({ attempt }) => (attempt ?? 0) > 2);
    },
    { interval: 50, timeout: WAIT_MS },
  );
}

async function rowOf({ idempotency_key }: CheckoutRequest): Promise<Record<string, unknown> | undefined> {
  const [row] = await directus.rows('orders', { idempotency_key: { _eq: idempotency_key } });
  return row;
}

async function expectOneLinkedOrder(checkout: CheckoutRequest): Promise<void> {
  const row = await rowOf(checkout);
  expect(row).toMatchObject({ status: 'PENDING_PAYMENT', ridendine_order_id: expect.stringMatching(/^rnd_/) });
  expect(await ridendine.ordersOf(checkout.quote_id)).toEqual([
    { ridendine_order_id: row?.['ridendine_order_id'], payment_session_id: row?.['payment_session_id'] },
  ]);
}

function paymentOf(outcome: { payment_session_id?: string } | object): unknown {
  return 'payment_session_id' in outcome ? outcome.payment_session_id : undefined;
}

function workflowIdOf({ idempotency_key }: CheckoutRequest): string {
  return `order-creation-${idempotency_key}`;
}
