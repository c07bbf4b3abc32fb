import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import pWaitFor from 'p-wait-for';
import { OrderCreationClient } from '../../src/client/index.ts';
import type { OrderView } from '../../src/client/index.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { millisecondsOf } from '../../src/temporal/timestamps.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { startSandbox } from '../support/running-sandbox.ts';
import type { Call, RunningSandbox } from '../support/running-sandbox.ts';
import type { StartedProgram } from '../support/start-program.ts';
import { testEncryptionKeys } from '../support/test-encryption.ts';
import { startWorkerProgram } from '../support/worker-program.ts';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

/** With these times, an order's key and the grace of its quote last for a few seconds, and a call may take 3 s. */
const shortTimes = {
  RIDENDINE_TIMEOUT_MS: '1000',
  RIDENDINE_IDEMPOTENCY_TTL: '65s',
  RIDENDINE_IDEMPOTENCY_MARGIN: '61s',
  QUOTE_GRACE: '1s',
};

/** How many calls may be too many because the server notes the start of a call a moment after it lets the call go. */
const JITTER = 1;

let temporal: EmbeddedTemporal;
let directus: PreparedDirectus;
let ridendine: RunningSandbox;
let orders: OrderCreationClient;
let connection: Connection;
const workers: StartedProgram[] = [];
beforeAll(async () => {
  [temporal, directus, ridendine] = await Promise.all([
    startEmbeddedTemporal(),
    startPreparedDirectus(),
    startSandbox(),
  ]);
  orders = OrderCreationClient.connect({ ...temporal.settings, encryptionKeys: testEncryptionKeys });
  connection = await Connection.connect({ address: temporal.settings.address });
}, 360_000);
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await orders?.close();
  await connection?.close();
  await Promise.all([temporal?.stop(), directus?.stop(), ridendine?.close()]);
});

describe('a limit of calls to RideNDine', () => {
  it('is kept by all workers together, and every order is linked', async () => {
    await Promise.all([startWorker({ limit: 5 }), startWorker({ limit: 5 })]);
    const checkouts = await newCheckouts(30);

    const outcomes = await Promise.all(
      checkouts.map((checkout) => orders.createOrder(checkout, { timeoutMs: 60_000 })),
    );

    expect(outcomes.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(30);
    expect(await callsFor(checkouts)).toHaveLength(30);
    expect(await excessOver(5, checkouts)).toEqual([]);
    expect(await queuesOf(checkouts)).toEqual(new Set(['order-creation-ridendine']));
  }, 240_000);

  it('can be set by an operator at Temporal, over that of the workers', async () => {
    await startWorker({ limit: 1000 });
    await setLimitAtTemporal(5);
    const checkouts = await newCheckouts(30);

    await Promise.all(checkouts.map((checkout) => orders.createOrder(checkout, { timeoutMs: 60_000 })));

    await setLimitAtTemporal(undefined);
    expect(await callsFor(checkouts)).toHaveLength(30);
    expect(await excessOver(5, checkouts)).toEqual([]);
  }, 240_000);

  it('can be taken away: what waits in the queue of its own is linked by a worker without a limit', async () => {
    const limited = await startWorker({ limit: 1 });
    const checkouts = await newCheckouts(12);
    await Promise.all(checkouts.map((checkout) => orders.createOrder(checkout, { timeoutMs: 0 })));
    await untilAll(checkouts, ({ stage }) => stage !== 'VALIDATING' && stage !== 'CREATING_RECORD');
    await limited.stop();
    const linkedBefore = (await callsFor(checkouts)).length;

    await startWorker({});

    await untilAll(checkouts, ({ stage }) => stage === 'LINKED');
    expect(linkedBefore).toBeLessThan(12);
    expect(await callsFor(checkouts)).toHaveLength(12);
  }, 240_000);

  it('is none where none is set: calls wait with the other steps', async () => {
    await startWorker({});
    const checkouts = await newCheckouts(1);

    await Promise.all(checkouts.map((checkout) => orders.createOrder(checkout, { timeoutMs: 60_000 })));

    expect(await queuesOf(checkouts)).toEqual(new Set(['order-creation']));
  }, 240_000);

  it('lets a call that is under way end when the worker is stopped', async () => {
    const worker = await startWorker({ limit: 5 });
    const checkouts = await newCheckouts(1);
    await ridendine.addFault({ kind: 'latency', ms: 2000, quote_id: checkouts[0]?.quote_id });
    await orders.createOrder(checkouts[0] as CheckoutRequest, { timeoutMs: 0 });
    await pWaitFor(async () => (await callsFor(checkouts)).length === 1, { timeout: 60_000 });

    const { exitCode } = await worker.stop();

    expect(exitCode).toBe(0);
    expect(await callsFor(checkouts)).toMatchObject([{ effect: 'stored' }]);
    await startWorker({});
    await untilAll(checkouts, ({ stage }) => stage === 'LINKED');
    expect(await callsFor(checkouts)).toHaveLength(1);
  }, 240_000);

  it('lets a call that support staff asked for after the life of its key wait longer than a call may take', async () => {
    await startWorker({ limit: 1000, settings: shortTimes });
    const checkouts = await newCheckouts(1);
    const [{ idempotency_key, quote_id }] = checkouts as [CheckoutRequest];
    await ridendine.addFault({ kind: 'reset', times: null, quote_id });
    await orders.createOrder(checkouts[0] as CheckoutRequest, { timeoutMs: 0 });
    await untilAll(checkouts, ({ stage }) => stage === 'NEEDS_REVIEW');
    const unasked = (await callsFor(checkouts)).length;
    await ridendine.clearFaults();
    await setLimitAtTemporal(0);

    const dataConverter = dataConverterFor(parseEncryptionKeys(testEncryptionKeys));
    const run = new Client({ connection, dataConverter }).workflow.getHandle(`order-creation-${idempotency_key}`);
    await run.executeUpdate('resolveReview', { args: [{ decision: 'retry', actor: 'agent-7', reason: 'Ticket 1' }] });
    await untilAll(checkouts, ({ stage }) => stage === 'CREATING_RIDENDINE_ORDER');
    await delay(5000);
    const callsMeanwhile = (await callsFor(checkouts)).length - unasked;
    await setLimitAtTemporal(undefined);

    await untilAll(checkouts, ({ stage }) => stage === 'LINKED');
    expect(callsMeanwhile).toBe(0);
    expect(await callsFor(checkouts)).toHaveLength(unasked + 1);
  }, 240_000);

  it('fails an order, as never sent, that has waited until its time was over', async () => {
    await startWorker({ limit: 1000, settings: shortTimes });
    await setLimitAtTemporal(0);
    const checkout = newPickupRequest();
    await directus.addQuote(checkout, { quote: { expires_at: new Date(Date.now() + 12_000).toISOString() } });
    await orders.createOrder(checkout, { timeoutMs: 0 });
    await untilAll([checkout], ({ stage }) => stage === 'CREATING_RIDENDINE_ORDER');
    await delay(20_000);
    await setLimitAtTemporal(undefined);

    await untilAll([checkout], ({ state, stage }) => state === 'FAILED' || stage === 'NEEDS_REVIEW');

    expect(await orders.getOrder(checkout.idempotency_key)).toMatchObject({
      state: 'FAILED',
      failure: { code: 'QuoteExpired' },
    });
    expect(await callsFor([checkout])).toEqual([]);
  }, 240_000);
});

/** Stretches of time within which there were more calls than the limit lets through. */
async function excessOver(limit: number, checkouts: CheckoutRequest[]): Promise<{ seconds: number; calls: number }[]> {
  const times = (await partnerStepsOf(checkouts)).map(({ startedMs }) => startedMs).toSorted((a, b) => a - b);
  // Each of the server's four partitions has a quarter of the limit, and may begin with a second's share, rounded up.
  const burst = 4 * Math.ceil(limit / 4);
  return [1, 2, 4]
    .map((seconds) => ({ seconds, calls: mostWithin(times, seconds) }))
    .filter(({ seconds, calls }) => calls > burst + limit * seconds + JITTER);
}

/** As `temporal task-queue config set --queue-rps-limit` does. @param limit undefined: that of the workers counts. */
async function setLimitAtTemporal(limit: number | undefined): Promise<void> {
  await connection.workflowService.updateTaskQueueConfig({
    namespace: temporal.settings.namespace,
    taskQueue: 'order-creation-ridendine',
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    updateQueueRateLimit: {
      reason: 'Ticket 1',
      ...(limit !== undefined && { rateLimit: { requestsPerSecond: limit } }),
    },
  });
}

/** The greatest number of `times` (ascending, in milliseconds) that lie within this many seconds. */
function mostWithin(times: number[], seconds: number): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + seconds * 1000).length));
}

async function callsFor(checkouts: CheckoutRequest[]): Promise<Call[]> {
  const ours = new Set<unknown>(checkouts.map(({ quote_id }) => quote_id));
  return (await ridendine.calls()).filter(({ quote_id }) => ours.has(quote_id));
}

/** The task queues in which the calls to RideNDine of these orders have waited. */
async function queuesOf(checkouts: CheckoutRequest[]): Promise<Set<unknown>> {
  return new Set((await partnerStepsOf(checkouts)).map(({ queue }) => queue));
}

/** Where each order's call waited, and when the server let it begin. So slow workers do not falsify the comparison. */
async function partnerStepsOf(checkouts: CheckoutRequest[]) {
  const client = new Client({ connection });
  const histories = await Promise.all(
    checkouts.map(({ idempotency_key }) =>
      client.workflow.getHandle(`order-creation-${idempotency_key}`).fetchHistory(),
    ),
  );
  return histories.flatMap(({ events }) => {
    const scheduled = events?.find(
      ({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name === 'createRideNDineOrder',
    );
    const started = events?.find(({ activityTaskStartedEventAttributes: step }) =>
      step?.scheduledEventId?.eq(scheduled?.eventId ?? 0),
    );
    const queue = scheduled?.activityTaskScheduledEventAttributes?.taskQueue?.name;
    return { queue, startedMs: millisecondsOf(started?.eventTime) };
  });
}

async function untilAll(checkouts: CheckoutRequest[], isThere: (order: OrderView) => boolean): Promise<void> {
  await pWaitFor(
    async () => {
      const views = await Promise.all(checkouts.map(({ idempotency_key }) => orders.getOrder(idempotency_key)));
      return views.every(isThere);
    },
    { interval: 100, timeout: 60_000 },
  );
}

async function newCheckouts(count: number): Promise<CheckoutRequest[]> {
  const checkouts = Array.from({ length: count }, () => newPickupRequest());
  for (const checkout of checkouts) await directus.addQuote(checkout);
  return checkouts;
}

async function startWorker({
  limit,
  settings,
}: {
  limit?: number;
  settings?: Record<string, string>;
}): Promise<StartedProgram> {
  const worker = await startWorkerProgram(
    { temporal, directus, ridendine },
    { ...settings, ...(limit !== undefined && { RIDENDINE_MAX_CALLS_PER_SECOND: String(limit) }) },
  );
  workers.push(worker);
  return worker;
}
