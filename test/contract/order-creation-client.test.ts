import { randomUUID } from 'node:crypto';
import { getEventListeners, once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import pWaitFor from 'p-wait-for';
import {
  IdempotencyKeyInvalidError,
  OrderCreationClient,
  OrderCreationClientClosedError,
  OrderFailedError,
  OrderNotFoundError,
  TemporalUnavailableError,
  isOrderCreationError,
} from '../../src/client/index.ts';
import type { FailureCode, OrderCreationError } from '../../src/client/index.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../../src/contract/runs.ts';
import { freePort } from '../support/free-port.ts';
import { newCheckoutRequest, newPickupRequest } from '../support/builders.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { startTcpServer } from '../support/loopback-servers.ts';
import { createOrderWorker } from '../support/order-worker.ts';
import type { OrderWorker } from '../support/order-worker.ts';
import type { Scenario, ScriptedActivities } from '../support/scripted-activities.ts';
import { testDataConverter, testEncryptionKeys } from '../support/test-encryption.ts';

const WAIT_MS = 60_000;

let temporal: EmbeddedTemporal;
let worker: OrderWorker;
let orders: OrderCreationClient;
/** The client with which an operator looks at runs and acts on them. */
let operator: Client;
/** What must be ended after a test, however the test ends. */
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  temporal = await startEmbeddedTemporal();
  worker = await createOrderWorker(temporal.settings);
  await worker.start();
  orders = OrderCreationClient.connect({ ...temporal.settings, encryptionKeys: testEncryptionKeys });
  operator = new Client({
    connection: await Connection.connect({ address: temporal.settings.address }),
    dataConverter: testDataConverter,
  });
}, 240_000);
afterAll(async () => {
  await orders.close();
  await worker.stop();
  await operator.connection.close();
  await temporal.stop();
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('createOrder', () => {
  it('gives the ids, and to the same request again the same ones as replayed', async () => {
    const { request, orderId, link } = worker.newScenario();
    const expected = { state: 'SUCCEEDED', stage: 'LINKED', order_id: orderId, ...link };

    await expect(orders.createOrder(request, { timeoutMs: WAIT_MS })).resolves.toMatchObject({
      ...expected,
      replayed: false,
    });
    await expect(orders.createOrder(request, { timeoutMs: WAIT_MS })).resolves.toMatchObject({
      ...expected,
      replayed: true,
    });
  });

  it('makes one run of many requests at once, and tells one of them that it began it', async () => {
    const { request, calls, link } = worker.newScenario();

    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => orders.createOrder(request, { timeoutMs: WAIT_MS })),
    );

    expect(outcomes.filter((outcome) => outcome.state === 'SUCCEEDED' && !outcome.replayed)).toHaveLength(1);
    expect(new Set(outcomes.map((outcome) => outcome.state === 'SUCCEEDED' && outcome.payment_session_id))).toEqual(
      new Set([link.payment_session_id]),
    );
    expect(calls).toEqual(['validateCheckout', 'createOrderRecord', 'createRideNDineOrder', 'saveLinkIds']);
  });

  it('is IN_PROGRESS when the time is over, and has the ids without waiting once the run is finished', async () => {
    const { scenario, release } = heldScenario();

    const waited = await orders.createOrder(scenario.request, { timeoutMs: 300 });
    release();
    await runOf(scenario).result();
    const afterwards = await orders.createOrder(scenario.request, { timeoutMs: 0 });

    expect(waited).toMatchObject({ state: 'IN_PROGRESS', stage: 'VALIDATING' });
    expect(afterwards).toMatchObject({ state: 'SUCCEEDED', replayed: true, ...scenario.link });
  });

  it('told to stop waiting is what is known by now, and begins the order all the same', async () => {
    const { scenario, release } = heldScenario();
    const stop = new AbortController();
    const stopped = orders.createOrder(scenario.request, { timeoutMs: WAIT_MS, stopWaiting: stop.signal });
    await untilStarted(scenario);
    stop.abort();
    const never = worker.newScenario();

    const outcomes = [
      await stopped,
      await orders.createOrder(never.request, { timeoutMs: WAIT_MS, stopWaiting: AbortSignal.abort() }),
    ];
    release();

    expect(outcomes).toMatchObject([{ state: 'IN_PROGRESS' }, {}]);
    for (const { request, link } of [scenario, never]) {
      const { idempotency_key: key } = request;
      await expect(orders.waitForOrder(key, { timeoutMs: WAIT_MS })).resolves.toMatchObject(link);
    }
  });

  it('leaves nothing behind on the signals of a caller who keeps them', async () => {
    const { scenario, release } = heldScenario();
    const [signal, stopWaiting] = [new AbortController().signal, new AbortController().signal];
    const creating = orders.createOrder(scenario.request, { timeoutMs: WAIT_MS, signal, stopWaiting });
    const listeners = () => [signal, stopWaiting].map((one) => getEventListeners(one, 'abort').length);
    await untilStarted(scenario);
    await pWaitFor(() => listeners().join() === '1,1', { timeout: WAIT_MS });
    release();
    await creating;

    expect(listeners()).toEqual([0, 0]);
  });

  it('is IN_PROGRESS while no worker is there', async () => {
    const scenario = worker.newScenario();
    await worker.stop();

    const outcome = await orders.createOrder(scenario.request, { timeoutMs: 300 });
    await worker.start();

    expect(outcome).toEqual({ state: 'IN_PROGRESS', stage: 'VALIDATING' });
    await expect(orders.waitForOrder(scenario.request.idempotency_key, { timeoutMs: WAIT_MS })).resolves.toMatchObject(
      scenario.link,
    );
  });

  it('throws why the run failed, with every problem', async () => {
    const problems = [{ code: 'QuoteExpired', field: 'quote_id', detail: 'The quote has expired.' }];
    const { request } = worker.newScenario({
      override: { validateCheckout: () => Promise.reject(finalFailure('QuoteExpired', [{ problems }])) },
    });

    const error = await errorOf(orders.createOrder(request, { timeoutMs: WAIT_MS }));

    expect(error).toBeInstanceOf(OrderFailedError);
    expect(error).toMatchObject({ code: 'QuoteExpired', retryable: false, problems });
  });

  it('refuses a key that belongs to another checkout', async () => {
    const { request } = worker.newScenario();
    await orders.createOrder(request, { timeoutMs: WAIT_MS });

    const error = await errorOf(orders.createOrder({ ...request, quote_id: 'another' }, { timeoutMs: WAIT_MS }));

    expect(error).toMatchObject({ code: 'IdempotencyKeyReused', retryable: false });
  });

  it('throws a retryable error when somebody terminates the run', async () => {
    const { scenario } = heldScenario();
    const waiting = errorOf(orders.createOrder(scenario.request, { timeoutMs: WAIT_MS }));
    await untilStarted(scenario);
    await runOf(scenario).terminate();

    const error = await waiting;

    expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect(error).toMatchObject({ code: 'TemporalUnavailable', retryable: true });
    expect(error.message).toContain('stopped before its end');
  });

  it('repeats nothing of the customer in the errors', async () => {
    const personal = { address: 'Sycamore Lane 7', lat: 10.5, lng: 106.25 };
    const note = 'Ask for Priscilla.';
    const request = newCheckoutRequest({ shipping_snapshot: personal, customer_note: note });
    const unreachable = connect({ address: `127.0.0.1:${await freePort()}` });

    const errors = await Promise.all([
      errorOf(unreachable.createOrder(request, { timeoutMs: 0 })),
      errorOf(orders.createOrder({ ...request, quote_id: '' }, { timeoutMs: 0 })),
      errorOf(orders.createOrder({ ...request, customer_note: note.repeat(1000) }, { timeoutMs: 0 })),
    ]);

    expect(errors.map(({ code }) => code)).toEqual(['TemporalUnavailable', 'CheckoutInvalid', 'CheckoutInvalid']);
    for (const error of errors) expect(inspect(error, { depth: 10 })).not.toMatch(/Sycamore|Priscilla|106\.25/);
  });

  it('repeats no name that a caller made up, and lists no more problems than anybody mends at once', async () => {
    const names = Array.from({ length: 5000 }, (_, index) => [`Priscilla of Sycamore Lane ${index}`, 1]);
    const request = { ...newPickupRequest(), ...Object.fromEntries(names), totals: 1 };

    const error = await errorOf(orders.createOrder(request, { timeoutMs: 0 }));

    expect(error).toMatchObject({ code: 'CheckoutInvalid' });
    const told = inspect(error, { depth: 10, maxArrayLength: null });
    expect(told).not.toMatch(/Sycamore|Priscilla/);
    expect(told.length).toBeLessThan(10_000);
  });

  it('refuses a time that is no number', async () => {
    await expect(orders.createOrder(newPickupRequest(), { timeoutMs: Number.NaN })).rejects.toThrow(TypeError);
  });
});

describe('the context of a request', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('stands in the memo of the run, and that of a duplicate does not replace it', async () => {
    const { scenario, release } = heldScenario();

    const first = orders.createOrder(scenario.request, { timeoutMs: WAIT_MS, requestId: 'request-1', traceparent });
    await untilStarted(scenario);
    const duplicate = orders.createOrder(scenario.request, { timeoutMs: WAIT_MS, requestId: 'request-2' });
    release();

    expect(await first).toMatchObject(scenario.link);
    expect(await duplicate).toMatchObject(scenario.link);
    expect((await runOf(scenario).describe()).memo).toMatchObject({ request_id: 'request-1', traceparent });
  });

  it.each([
    ['a request id with a space', { requestId: 'Customer One' }],
    ['a request id that is too long', { requestId: 'x'.repeat(129) }],
    ['a trace of zeros', { traceparent: traceparent.replace(/-[0-9a-f]{32}-/, `-${'0'.repeat(32)}-`) }],
    ['a version that is forbidden', { traceparent: traceparent.replace(/^00/, 'ff') }],
    ['more than version 00 has', { traceparent: `${traceparent}-more` }],
  ])('is left out when it is %s: no order fails over it', async (_what, context) => {
    const scenario = worker.newScenario();

    await expect(orders.createOrder(scenario.request, { timeoutMs: WAIT_MS, ...context })).resolves.toMatchObject(
      scenario.link,
    );

    const { memo } = await runOf(scenario).describe();
    expect(memo).toHaveProperty('request_fingerprint');
    expect(memo).not.toHaveProperty('request_id');
    expect(memo).not.toHaveProperty('traceparent');
  });
});

describe('waitForOrder', () => {
  it('waits for an order creation that was begun earlier', async () => {
    const { scenario, release } = heldScenario();
    await orders.createOrder(scenario.request, { timeoutMs: 0 });

    const waiting = orders.waitForOrder(scenario.request.idempotency_key.toUpperCase(), { timeoutMs: WAIT_MS });
    release();

    await expect(waiting).resolves.toMatchObject({ state: 'SUCCEEDED', replayed: true, ...scenario.link });
  });

  it('is IN_PROGRESS when the time is over', async () => {
    const { scenario } = heldScenario();
    await orders.createOrder(scenario.request, { timeoutMs: 0 });

    await expect(orders.waitForOrder(scenario.request.idempotency_key, { timeoutMs: 100 })).resolves.toMatchObject({
      state: 'IN_PROGRESS',
    });
  });

  it('throws why the order creation failed', async () => {
    const { request } = worker.newScenario({
      override: { validateCheckout: () => Promise.reject(finalFailure('QuoteExpired')) },
    });
    await errorOf(orders.createOrder(request, { timeoutMs: WAIT_MS }));

    await expect(orders.waitForOrder(request.idempotency_key, { timeoutMs: WAIT_MS })).rejects.toMatchObject({
      code: 'QuoteExpired',
    });
  });

  it('begins nothing under a key that nobody has used', async () => {
    const key = randomUUID();

    await expect(orders.waitForOrder(key, { timeoutMs: WAIT_MS })).rejects.toBeInstanceOf(OrderNotFoundError);
    await expect(orders.getOrder(key)).rejects.toBeInstanceOf(OrderNotFoundError);
  });
});

describe('getOrder', () => {
  it('knows the payment session as soon as RideNDine has answered, while a worker is there to be asked', async () => {
    let isDirectusBack = false;
    const { request, orderId, link } = worker.newScenario({
      override: {
        async saveLinkIds({ order_id, link: ids }) {
          if (!isDirectusBack) throw ApplicationFailure.create({ type: 'DirectusUnavailable' });
          return { order_id, ...ids, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
        },
      },
    });
    const { idempotency_key } = request;
    await orders.createOrder(request, { timeoutMs: 0 });
    await pWaitFor(async () => (await orders.getOrder(idempotency_key)).stage === 'SAVING_LINK', { timeout: 60_000 });

    const withWorker = await orders.getOrder(idempotency_key);
    await worker.stop();
    const withoutWorker = await orders.getOrder(idempotency_key);
    isDirectusBack = true;
    await worker.start();

    const { payment_session_id, ...inSearchAttributes } = link;
    const expected = { state: 'IN_PROGRESS', stage: 'SAVING_LINK', order_id: orderId, ...inSearchAttributes };
    expect(withWorker).toEqual({ ...expected, payment_session_id });
    expect(withoutWorker).toEqual(expected);
    await expect(orders.waitForOrder(idempotency_key, { timeoutMs: WAIT_MS })).resolves.toMatchObject(link);
  });

  it('shows a failure as a view, and the ids of a success', async () => {
    const failing = worker.newScenario({
      override: { validateCheckout: () => Promise.reject(finalFailure('QuoteExpired')) },
    });
    const succeeding = worker.newScenario();
    await errorOf(orders.createOrder(failing.request, { timeoutMs: WAIT_MS }));
    await orders.createOrder(succeeding.request, { timeoutMs: WAIT_MS });

    await expect(orders.getOrder(failing.request.idempotency_key)).resolves.toMatchObject({
      state: 'FAILED',
      failure: { code: 'QuoteExpired' },
    });
    await expect(orders.getOrder(succeeding.request.idempotency_key)).resolves.toMatchObject({
      state: 'SUCCEEDED',
      order_id: succeeding.orderId,
      ...succeeding.link,
    });
  });

  it('takes nothing for a success but the ids of an order, whoever has closed the run with what', async () => {
    const { request } = worker.newScenario({
      override: { saveLinkIds: async () => ({ state: 'SUCCEEDED', payment_session_id: 7 }) as never },
    });

    const waited = await errorOf(orders.createOrder(request, { timeoutMs: WAIT_MS }));
    const lookedUp = await errorOf(orders.getOrder(request.idempotency_key));

    for (const error of [waited, lookedUp]) expect(error).toBeInstanceOf(TemporalUnavailableError);
  });

  it('knows nothing of a key when only a refused run is left of it: that is no word on the order', async () => {
    const { request } = worker.newScenario({
      override: { validateCheckout: () => Promise.reject(finalFailure('IdempotencyKeyReused')) },
    });
    await errorOf(orders.createOrder(request, { timeoutMs: WAIT_MS }));

    const error = await errorOf(orders.getOrder(request.idempotency_key));

    expect(error).toBeInstanceOf(OrderNotFoundError);
  });

  it('refuses a key that is no UUID', async () => {
    await expect(orders.getOrder('order-1')).rejects.toBeInstanceOf(IdempotencyKeyInvalidError);
  });
});

describe('a correction of the link', () => {
  const right = { ridendine_order_id: 'rnd_right', payment_session_id: 'ps_right' };
  const unserved = { taskQueue: 'nobody-serves-it' };

  async function startCorrection({ request }: Pick<Scenario, 'request'>, options: Partial<WorkflowStartOptions> = {}) {
    return await operator.workflow.start('linkCorrection', {
      workflowId: `order-creation-${request.idempotency_key}`,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      ...options,
      args: [{ idempotency_key: request.idempotency_key, ...right, actor: 'pat', reason: 'Ticket 1' }],
    });
  }

  it('speaks for the key once it has completed', async () => {
    const scenario = await linkedScenario();
    const { request } = scenario;

    await (await startCorrection(scenario)).result();

    const expected = { state: 'SUCCEEDED', order_id: scenario.orderId, ...right };
    await expect(orders.getOrder(request.idempotency_key)).resolves.toMatchObject(expected);
    await expect(orders.createOrder(request, { timeoutMs: WAIT_MS })).resolves.toMatchObject({
      ...expected,
      replayed: true,
    });
    const another = { ...request, customer_note: 'Another.' };
    expect(await errorOf(orders.createOrder(another, { timeoutMs: WAIT_MS }))).toMatchObject({
      code: 'IdempotencyKeyReused',
    });
  });

  it.each<[string, (scenario: Scenario) => Promise<void>]>([
    ['goes on', async (scenario) => void (await startCorrection(scenario, unserved))],
    ['was terminated', async (scenario) => void (await (await startCorrection(scenario, unserved)).terminate())],
    [
      'has run out of time',
      async (scenario) => {
        const correction = await startCorrection(scenario, { ...unserved, workflowRunTimeout: '1 s' });
        await thrownBy(correction.result());
      },
    ],
    ['has failed', async (scenario) => void (await thrownBy((await startCorrection(scenario)).result()))],
  ])('leaves the word to the run of the order where it %s', async (_how, correct) => {
    const scenario = await linkedScenario({ correctLink: () => Promise.reject(finalFailure('OrderNeedsReview')) });
    const { request, link, orderId } = scenario;

    await correct(scenario);

    const expected = { state: 'SUCCEEDED', order_id: orderId, ...link };
    await expect(orders.getOrder(request.idempotency_key)).resolves.toMatchObject(expected);
    await expect(orders.waitForOrder(request.idempotency_key, { timeoutMs: 0 })).resolves.toMatchObject(expected);
    await expect(orders.createOrder(request, { timeoutMs: WAIT_MS })).resolves.toMatchObject(expected);
  });

  it('that goes on is no order: where its run is gone from Temporal, the same request is to be sent again', async () => {
    const { request } = worker.newScenario();
    const correction = await startCorrection({ request }, unserved);
    cleanUps.push(() => correction.terminate());

    const created = await errorOf(orders.createOrder(request, { timeoutMs: WAIT_MS }));
    const lookedUp = await errorOf(orders.getOrder(request.idempotency_key));

    expect(created).toMatchObject({ code: 'TemporalUnavailable', retryable: true });
    expect(lookedUp).toBeInstanceOf(OrderNotFoundError);
  });

  it('is tried again until it comes to its end although somebody asks Temporal to cancel it', async () => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    cleanUps.push(gate.resolve);
    const good = worker.newScenario();
    const scenario = await linkedScenario({
      async correctLink(correction) {
        begun.resolve();
        await gate.promise;
        if (activityInfo().attempt === 1) throw new Error('No answer.');
        return await good.activities.correctLink(correction);
      },
    });
    const correction = await startCorrection(scenario);
    await begun.promise;

    await correction.cancel();
    await pWaitFor(() => knowsOfCancellation(correction), { timeout: WAIT_MS });
    gate.resolve();

    await expect(correction.result()).resolves.toMatchObject(right);
  });
});

describe('a call that is aborted', () => {
  it('rejects with the reason of the signal at once, and the order goes on', async () => {
    const { scenario, release } = heldScenario();
    const caller = new AbortController();
    const waiting = thrownBy(orders.createOrder(scenario.request, { timeoutMs: WAIT_MS, signal: caller.signal }));
    await untilStarted(scenario);

    caller.abort();
    const thrown = await waiting;
    release();

    expect(thrown).toBe(caller.signal.reason);
    expect(thrown).toMatchObject({ name: 'AbortError' });
    expect(isOrderCreationError(thrown)).toBe(false);
    await expect(runOf(scenario).result()).resolves.toMatchObject(scenario.link);
  });

  it('begins nothing when the signal is aborted already', async () => {
    const request = newPickupRequest();
    const reason = new Error('The customer has left.');
    const signal = AbortSignal.abort(reason);

    expect(await thrownBy(orders.createOrder(request, { timeoutMs: WAIT_MS, signal }))).toBe(reason);
    expect(await thrownBy(orders.waitForOrder(request.idempotency_key, { timeoutMs: WAIT_MS, signal }))).toBe(reason);
    expect(await thrownBy(orders.getOrder(request.idempotency_key, { signal }))).toBe(reason);
    expect(await thrownBy(orders.checkConnection({ signal }))).toBe(reason);
    await expect(orders.getOrder(request.idempotency_key)).rejects.toBeInstanceOf(OrderNotFoundError);
  });

  it('cancels its request at Temporal, and leaves nothing at the signal of the caller', async () => {
    // This server takes requests and never answers.
    const streams: ServerHttp2Stream[] = [];
    const server = createServer().on('stream', (stream) => {
      stream.on('error', () => {});
      streams.push(stream);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const silent = connect({ address: `127.0.0.1:${port}` });
    const caller = new AbortController();

    const waiting = thrownBy(silent.createOrder(newPickupRequest(), { timeoutMs: WAIT_MS, signal: caller.signal }));
    await pWaitFor(() => streams.length > 0, { interval: 5, timeout: 60_000 });
    caller.abort();
    await waiting;
    await pWaitFor(() => streams[0]?.closed === true, { interval: 5, timeout: 60_000 });

    expect(streams.map(({ rstCode }) => rstCode)).toEqual([constants.NGHTTP2_CANCEL]);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  });
});

describe('a client that is closed', () => {
  it('throws from every call, ends those that are under way, and can be closed again', async () => {
    const { scenario, release } = heldScenario();
    const { request } = scenario;
    const closing = connect(temporal.settings);
    const waiting = errorOf(closing.createOrder(request, { timeoutMs: WAIT_MS }));
    await untilStarted(scenario);

    await closing.close();
    await closing.close();
    const errors = await Promise.all([
      waiting,
      errorOf(closing.createOrder(request, { timeoutMs: 0 })),
      errorOf(closing.waitForOrder(request.idempotency_key, { timeoutMs: 0 })),
      errorOf(closing.getOrder(request.idempotency_key)),
      errorOf(closing.checkConnection()),
    ]);
    release();

    for (const error of errors) {
      expect(error).toBeInstanceOf(OrderCreationClientClosedError);
      expect(error).toMatchObject({ code: 'ClientClosed', retryable: true });
    }
    expect(new Set(errors).size).toBe(errors.length);
    await expect(runOf(scenario).result()).resolves.toMatchObject(scenario.link);
  });
});

describe('Temporal away', () => {
  it('from the start is a retryable error long before the caller has no time left', async () => {
    const unreachable = connect({ address: `127.0.0.1:${await freePort()}` });
    const begin = Date.now();

    const errors = await Promise.all([
      errorOf(unreachable.createOrder(newPickupRequest(), { timeoutMs: WAIT_MS })),
      errorOf(unreachable.getOrder(randomUUID())),
      errorOf(unreachable.checkConnection()),
    ]);
    const tookMs = Date.now() - begin;

    for (const error of errors) expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect(tookMs).toBeLessThan(WAIT_MS / 2);
  });

  it('with a namespace that it does not know says so', async () => {
    const { address } = temporal.settings;
    const lost = connect({ address, namespace: 'nobody-has-made-this-one' });

    const error = await errorOf(lost.createOrder(newPickupRequest(), { timeoutMs: 0 }));

    expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect(error.message).toContain('namespace');
  });

  it('just when it has begun the run does not make the caller a second one', async () => {
    const sockets: Socket[] = [];
    let isMute = false;
    const line = await startTcpServer((socket) => {
      const [host, port] = temporal.settings.address.split(':');
      const server = connectTcp({ host: host ?? '', port: Number(port) });
      sockets.push(socket, server);
      server.on('error', () => {}).on('data', (chunk) => isMute || socket.write(chunk));
      socket.on('close', () => server.destroy()).pipe(server);
    });
    cleanUps.push(() => line.close());
    const cutOff = connect({ address: new URL(line.url).host });
    await cutOff.checkConnection();
    const scenario = worker.newScenario();

    isMute = true;
    const creating = cutOff.createOrder(scenario.request, { timeoutMs: WAIT_MS });
    await untilStarted(scenario);
    isMute = false;
    for (const socket of sockets.splice(0)) socket.destroy();

    await expect(creating).resolves.toMatchObject({ state: 'SUCCEEDED', replayed: false, ...scenario.link });
  });

  it('during the wait and back again gives the result; not back in time, a retryable error', async () => {
    const [back, tooLate] = [heldScenario(), heldScenario()];
    const waiting = orders.createOrder(back.scenario.request, { timeoutMs: 120_000 });
    const givingUp = errorOf(orders.createOrder(tooLate.scenario.request, { timeoutMs: 2000 }));
    await Promise.all([untilStarted(back.scenario), untilStarted(tooLate.scenario)]);

    await temporal.server.stop({ signal: 'SIGKILL' });
    const begin = Date.now();
    // The worker does not end without a server. So the server must run again, even if the test fails.
    let isBack = false;
    cleanUps.push(() => isBack || temporal.server.start());
    const error = await givingUp;
    const tookMs = Date.now() - begin;
    await temporal.server.start();
    isBack = true;
    back.release();
    tooLate.release();

    expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect(tookMs).toBeLessThan(60_000);
    await expect(waiting).resolves.toMatchObject({ state: 'SUCCEEDED', replayed: false, ...back.scenario.link });
  }, 240_000);
});

/** A client for one test. */
function connect({ address, namespace = 'default' }: { address: string; namespace?: string }): OrderCreationClient {
  const client = OrderCreationClient.connect({ address, namespace, encryptionKeys: testEncryptionKeys });
  cleanUps.push(() => client.close());
  return client;
}

/** A checkout whose first step waits until it is released. */
function heldScenario(): { scenario: Scenario; release: () => void } {
  const gate = Promise.withResolvers<void>();
  const request = newPickupRequest();
  const good = worker.newScenario({ request });
  const scenario = worker.newScenario({
    request,
    override: {
      async validateCheckout(input) {
        await gate.promise;
        return await good.activities.validateCheckout(input);
      },
    },
  });
  cleanUps.push(gate.resolve);
  return { scenario, release: gate.resolve };
}

async function linkedScenario(override: Partial<ScriptedActivities> = {}): Promise<Scenario> {
  const scenario = worker.newScenario({ override });
  await orders.createOrder(scenario.request, { timeoutMs: WAIT_MS });
  return scenario;
}

function runOf({ request }: Scenario): WorkflowHandle {
  return operator.workflow.getHandle(`order-creation-${request.idempotency_key}`);
}

function finalFailure(type: FailureCode, details: unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({ type, message: 'It failed.', nonRetryable: true, details });
}

/** Whether the run has taken note that somebody asked Temporal to cancel it. */
async function knowsOfCancellation(handle: WorkflowHandle): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  const asked = (events ?? []).findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes);
  return asked >= 0 && (events ?? []).slice(asked).some((event) => event.workflowTaskCompletedEventAttributes);
}

async function untilStarted({ calls }: Scenario): Promise<void> {
  await pWaitFor(() => calls.includes('validateCheckout'), { interval: 20, timeout: 60_000 });
}

async function thrownBy(running: Promise<unknown>): Promise<unknown> {
  return await running.then(
    (result) => new Error(`It succeeded: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
}

async function errorOf(running: Promise<unknown>): Promise<OrderCreationError> {
  const thrown = await thrownBy(running);
  if (isOrderCreationError(thrown)) return thrown;
  throw thrown;
}
