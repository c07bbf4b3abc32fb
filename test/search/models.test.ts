import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import pWaitFor from 'p-wait-for';
import type { StoredOrder } from '../../src/domain/order.ts';
import { collections } from '../../src/integrations/directus/collections.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { DirectusError, DirectusNotUniqueError } from '../../src/integrations/directus/errors.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import type { OrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import type { Partner } from '../../src/integrations/partner.ts';
import { orderBody } from '../../src/integrations/ridendine/order-body.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { newCheckout, newPickupRequest } from '../support/builders.ts';
import { DIRECTUS_START_TIMEOUT_MS, startPreparedDirectus } from '../support/prepared-directus.ts';
import type { PreparedDirectus } from '../support/prepared-directus.ts';
import { startSandbox } from '../support/running-sandbox.ts';
import type { RunningSandbox } from '../support/running-sandbox.ts';
import { connectToPostgres } from '../support/postgres-session.ts';
import { createDirectusModel } from './directus-model.ts';
import type { DirectusOutcome } from './directus-model.ts';
import { createRideNDineModel } from './ridendine-model.ts';
import type { PartnerOutcome } from './ridendine-model.ts';

// The search is only as good as the models that it uses. So whatever requests a model and the real system get, in any
// order, both must give the same results.

const at = <Value>(values: Value[], index: number) => values[index] as Value;

const action = (number: number) => ({
  id: `action-${number}`,
  at: '2030-01-01T00:00:00.000Z',
  actor: 'agent',
  action: 'retry' as const,
  reason: 'A ticket.',
});

const noDeath = () => Promise.reject(new Error('Nobody dies here.'));

const modelStore = (fetch: typeof globalThis.fetch) =>
  createOrdersStore(connectDirectus({ url: 'http://directus.invalid', token: 'token', timeoutMs: 5000, fetch }));

const answering = (outcome: DirectusOutcome) =>
  modelStore(createDirectusModel({ outcomeOf: () => outcome, die: noDeath }).fetch);

const status = (code: number, more: object = {}) => ({ kind: 'status', status: code, ...more });

describe('the model of Directus', () => {
  let directus: PreparedDirectus;
  beforeAll(async () => {
    directus = await startPreparedDirectus();
  }, DIRECTUS_START_TIMEOUT_MS);
  afterAll(() => directus.stop());

  const ORDERS = 3;
  const QUOTES = 2;
  const statuses = ['PENDING_PAYMENT', 'FAILED', 'NEEDS_REVIEW', 'CANCELLED'] as const;
  const order = fc.nat({ max: ORDERS - 1 });
  const quote = fc.nat({ max: QUOTES - 1 });
  const link = fc.nat({ max: 1 });
  const call = fc.oneof(
    { weight: 4, arbitrary: fc.record({ call: fc.constant('createOrder' as const), order, key: order, quote }) },
    {
      weight: 1,
      arbitrary: fc.record({
        call: fc.constant('recordCancelled' as const),
        order,
        key: order,
        quote,
        isKnownCustomer: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        call: fc.constant('changeStatus' as const),
        order,
        status: fc.constantFrom(...statuses),
        onlyIfUnlinked: fc.boolean(),
        onlyAsWritten: fc.boolean(),
        action: fc.option(order),
        takes: fc.option(quote),
      }),
    },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('reopen' as const), order, quote }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('takeOver' as const), order }) },
    { weight: 3, arbitrary: fc.record({ call: fc.constant('saveLink' as const), order, link, payment: link }) },
    {
      weight: 1,
      arbitrary: fc.record({ call: fc.constant('replaceLink' as const), order, link, to: link, action: order }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ call: fc.constantFrom('findOrderById' as const, 'findOrderByKey' as const), order }),
    },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('findLiveOrderOfQuote' as const), quote, order }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('findOrderWithLink' as const), link, order }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('findQuote' as const), quote }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('findNewestLinks' as const), order }) },
  );
  type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

  /** Two order stores with the same customers, stores and quotes, and the values that the calls refer to by number. */
  async function twoStores() {
    const requests = Array.from({ length: QUOTES }, () => newPickupRequest());
    const model = createDirectusModel({ outcomeOf: () => 'ok', die: noDeath });
    for (const request of requests) {
      await directus.addQuote(request);
      const rowsOf = (collection: string, id: string) => directus.rows(collection, { id: { _eq: id } });
      const [quoteRow] = await rowsOf(collections.quotes, request.quote_id);
      model.add(collections.quotes, quoteRow ?? {});
      for (const row of await rowsOf(collections.customers, request.customer_id)) model.add(collections.customers, row);
      for (const row of await rowsOf(collections.stores, String(quoteRow?.['store'])))
        model.add(collections.stores, row);
    }
    const [first] = await directus.rows(collections.quotes, { id: { _eq: requests[0]?.quote_id } });
    return {
      real: createOrdersStore(directus.connection),
      model: modelStore(model.fetch),
      requests,
      storeId: String(first?.['store']),
      ids: Array.from({ length: ORDERS }, () => randomUUID()),
      keys: Array.from({ length: ORDERS }, (): string => randomUUID()),
      links: Array.from({ length: 2 }, () => `rnd_${randomUUID()}`),
      payments: Array.from({ length: 2 }, () => `ps_${randomUUID()}`),
    };
  }
  type Names = Awaited<ReturnType<typeof twoStores>>;

  async function carryOut(store: OrdersStore, given: Call, names: Names): Promise<unknown> {
    const linkOf = (index: number, payment = index) => ({
      ridendine_order_id: at(names.links, index),
      payment_session_id: at(names.payments, payment),
    });
    switch (given.call) {
      case 'createOrder': {
        const request = at(names.requests, given.quote);
        const id = at(names.ids, given.order);
        const checkout = newCheckout({
          quote_id: request.quote_id,
          store_id: names.storeId,
          customer: { id: request.customer_id, name: 'One', phone: '+1 555 0100', email: 'one@example.com' },
          fulfillment: { type: 'PICKUP' },
        });
        return store.createOrder({
          id,
          itemIds: checkout.items.map((_line, index) => `${id.slice(0, -1)}${index}`),
          request: { ...request, idempotency_key: at(names.keys, given.key) },
          fingerprint: 'fingerprint',
          checkout,
          ridendineRequest: '{"the":"body"}',
          workflowId: 'workflow-1',
          runId: 'run-1',
        });
      }
      case 'recordCancelled': {
        const request = at(names.requests, given.quote);
        return store.recordCancelled({
          id: at(names.ids, given.order),
          request: {
            ...request,
            idempotency_key: at(names.keys, given.key),
            customer_id: given.isKnownCustomer ? request.customer_id : randomUUID(),
          },
          fingerprint: 'fingerprint',
          workflowId: 'workflow-1',
          runId: 'run-1',
          supportAction: undefined,
        });
      }
      case 'changeStatus':
        return store.changeStatus(at(names.ids, given.order), {
          status: given.status,
          failureCode: null,
          failureReason: null,
          onlyIfUnlinked: given.onlyIfUnlinked,
          ...(given.onlyAsWritten && { onlyAsWrittenBy: 'run-1' }),
          ...(given.action !== null && { supportAction: action(given.action) }),
          ...(given.takes !== null && { activeQuoteId: at(names.requests, given.takes).quote_id }),
        });
      case 'reopen':
        return store.reopen(at(names.ids, given.order), {
          quoteId: at(names.requests, given.quote).quote_id,
          runId: 'run-2',
        });
      case 'takeOver':
        return store.takeOver(at(names.ids, given.order), 'run-3');
      case 'saveLink':
        return store.saveLink(at(names.ids, given.order), linkOf(given.link, given.payment));
      case 'replaceLink':
        return store.replaceLink(at(names.ids, given.order), {
          from: linkOf(given.link),
          to: linkOf(given.to),
          supportAction: action(given.action),
        });
      case 'findOrderById':
        return store.findOrderById(at(names.ids, given.order));
      case 'findOrderByKey':
        return store.findOrderByKey(at(names.keys, given.order));
      case 'findLiveOrderOfQuote':
        return store.findLiveOrderOfQuote(at(names.requests, given.quote).quote_id, {
          otherThan: at(names.ids, given.order),
        });
      case 'findOrderWithLink':
        return store.findOrderWithLink(linkOf(given.link), { otherThan: at(names.ids, given.order) });
      case 'findNewestLinks': {
        // The real store also has links of other tests, and lists two links of the same millisecond in any order.
        const newest = await store.findNewestLinks({ otherThan: at(names.ids, given.order), limit: 500 });
        const own = newest.filter(({ ridendine_order_id }) => names.links.includes(ridendine_order_id));
        return own.toSorted((a, b) => a.ridendine_order_id.localeCompare(b.ridendine_order_id));
      }
      case 'findQuote':
        return store.findQuote(at(names.requests, given.quote).quote_id);
    }
  }

  it('comes to the same as a real one, whatever is asked of both', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 30 }), async (calls) => {
        const names = await twoStores();
        for (const each of calls) {
          const [model, real] = [
            await cameTo(carryOut(names.model, each, names)),
            await cameTo(carryOut(names.real, each, names)),
          ];
          expect({ each, came: model }).toEqual({ each, came: real });
        }
        const unfinished = async (store: OrdersStore) =>
          (await store.findUnfinishedOrders({ createdBefore: '2100-01-01T00:00:00.000Z', skip: 0, limit: 100 }))
            .map(({ idempotencyKey }) => idempotencyKey)
            .filter((key) => names.keys.includes(key))
            .toSorted();
        expect(await unfinished(names.model)).toEqual(await unfinished(names.real));
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a wrong credential, and a number of its own tables that is taken, as a real one does', async () => {
    const names = await twoStores();
    const created: Call = { call: 'createOrder', order: 0, key: 0, quote: 0 };
    const stranger = createOrdersStore(connectDirectus({ url: directus.url, token: 'wrong', timeoutMs: 5000 }));
    const postgres = await connectToPostgres(directus.postgres);
    const setNumber = (next: string) =>
      postgres.sql(`select setval('directus_activity_id_seq', ${next}) from directus_activity`);
    try {
      await cameTo(carryOut(names.real, { ...created, order: 1, key: 1, quote: 1 }, names));
      await setNumber('max(id) - 1, false');

      const lagging = await cameTo(carryOut(answering('lagging'), created, names));
      expect(lagging).toEqual(await cameTo(carryOut(names.real, created, names)));
      const refused = await cameTo(carryOut(answering('unauthorized'), created, names));
      expect(refused).toEqual(await cameTo(carryOut(stranger, created, names)));
    } finally {
      await setNumber('max(id)');
      await postgres.close();
    }
  });
});

describe('the model of RideNDine', () => {
  let sandbox: RunningSandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());

  it('comes to the same as the sandbox, whatever is asked of both', async () => {
    const calls = fc.array(fc.record({ order: fc.nat({ max: 2 }), body: fc.nat({ max: 1 }) }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(calls, async (given) => {
        const { fetch } = createRideNDineModel({ outcomeOf: () => 'ok', die: noDeath, remembersMs: 3_600_000 });
        const usual = { apiKey: sandbox.apiKey, timeoutMs: 5000 };
        const model = createRideNDineClient({ ...usual, baseUrl: 'http://ridendine.invalid', fetch });
        const real = createRideNDineClient({ ...usual, baseUrl: sandbox.url });
        const orders = Array.from({ length: 3 }, () => {
          const orderId = randomUUID();
          return { orderId, bodies: [newCheckout(), newCheckout()].map((checkout) => orderBody(orderId, checkout)) };
        });
        const ask = asked(orders);

        expect(await ask(model, given)).toEqual(await ask(real, given));
      }),
      { numRuns: 30 },
    );
  });
});

describe('an outcome of the model of RideNDine', () => {
  let sandbox: RunningSandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());

  const TIMEOUT_MS = 2000;
  // The other outcomes need no fault: `ok`, `notSent` (nobody listens at the address) and the deaths of the worker.
  const faults = {
    limited: status(429, { retry_after: 1 }),
    unauthorized: status(401),
    redirected: { kind: 'redirect', location: 'https://elsewhere.invalid/' },
    refused: status(422),
    notFound: status(404),
    noApi: status(404, { json: false }),
    unavailable: status(503),
    inProgress: status(409),
    reset: { kind: 'reset', when: 'before_store' },
    lost: { kind: 'reset', when: 'after_store' },
    late: { kind: 'latency', ms: TIMEOUT_MS + 500 },
    madeThen500: status(500, { stored: 'before' }),
    garbage: { kind: 'incomplete_body', variant: 'missing' },
    seeOther: status(303, { stored: 'before' }),
  } satisfies Record<Exclude<PartnerOutcome, 'ok' | 'notSent' | 'diesBefore' | 'diesAfter'>, object>;

  it.each(Object.entries(faults) as [PartnerOutcome, Record<string, unknown>][])(
    '%s means the same as that fault of the sandbox, and leaves as many orders',
    async (outcome, fault) => {
      const orderId = randomUUID();
      const checkout = newCheckout();
      const body = orderBody(orderId, checkout);
      const script = [outcome];
      const ridendine = createRideNDineModel({
        outcomeOf: () => script.shift() ?? 'ok',
        die: noDeath,
        remembersMs: 3_600_000,
      });
      const usual = { apiKey: sandbox.apiKey, timeoutMs: TIMEOUT_MS };
      const model = createRideNDineClient({ ...usual, baseUrl: 'http://ridendine.invalid', fetch: ridendine.fetch });
      const real = createRideNDineClient({ ...usual, baseUrl: sandbox.url });
      await sandbox.addFault({ ...fault, external_order_id: orderId });
      const once = asked([{ orderId, bodies: [body] }]);
      const call = [{ order: 0, body: 0 }];

      expect(await once(model, call)).toEqual(await once(real, call));
      await ridendine.settled();
      await pWaitFor(async () => (await sandbox.ordersOf(checkout.quote_id)).length === ridendine.orders.length, {
        timeout: 30_000,
      });
      expect(await once(model, call)).toEqual(await once(real, call));
      expect(await sandbox.ordersOf(checkout.quote_id)).toHaveLength(ridendine.orders.length);
    },
  );

  it('is stricter in one thing: with a forgotten key it makes a second order, where the sandbox refuses', async () => {
    const orderId = randomUUID();
    const body = orderBody(orderId, newCheckout());
    const ridendine = createRideNDineModel({ outcomeOf: () => 'ok', die: noDeath, remembersMs: 0 });
    const usual = { apiKey: sandbox.apiKey, timeoutMs: 5000 };
    const once = asked([{ orderId, bodies: [body] }]);
    const call = [{ order: 0, body: 0 }];

    const model = createRideNDineClient({ ...usual, baseUrl: 'http://ridendine.invalid', fetch: ridendine.fetch });
    await once(model, call);
    await once(model, call);
    const real = createRideNDineClient({ ...usual, baseUrl: sandbox.url });
    await once(real, call);
    await fetch(`${sandbox.url}/sandbox/idempotency-keys/forget`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sandbox.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ external_order_id: orderId }),
    });

    expect(ridendine.orders).toHaveLength(2);
    expect(await once(real, call)).toEqual([{ code: 'RideNDineUnavailable', outcome: 'maybeSent', status: 409 }]);
  });
});

/** The result of a call, without the times of writes, which always differ. */
async function cameTo(calling: Promise<unknown>): Promise<unknown> {
  try {
    return withoutTimes(await calling);
  } catch (error) {
    if (error instanceof DirectusNotUniqueError) return { refused: error.code, field: error.field };
    if (error instanceof DirectusError) return { refused: error.code };
    throw error;
  }
}

function withoutTimes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('date_created' in value)) return value;
  const { date_updated } = value as StoredOrder;
  return { ...value, date_created: 'a time', date_updated: date_updated && 'a time' };
}

/** The results of the calls. The number of its first appearance takes the place of each id. */
function asked(orders: { orderId: string; bodies: string[] }[]) {
  return async (partner: Partner, given: { order: number; body: number }[]): Promise<unknown[]> => {
    const seen: string[] = [];
    const outcomes: unknown[] = [];
    for (const { order, body } of given) {
      const { orderId = '', bodies = [] } = orders[order] ?? {};
      try {
        const { ridendine_order_id: id } = await partner.createOrder({ orderId, body: bodies[body] ?? '' });
        if (!seen.includes(id)) seen.push(id);
        outcomes.push(seen.indexOf(id));
      } catch (error) {
        if (!(error instanceof PartnerError)) throw error;
        outcomes.push({ code: error.code, outcome: error.outcome, status: error.status });
      }
    }
    return outcomes;
  };
}
