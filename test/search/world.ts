import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createActivities } from '../../src/activities/create-activities.ts';
import type { OrderRuns } from '../../src/activities/order-runs.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import {
  collections,
  customerFields,
  orderFields,
  quoteFields,
  storeFields,
} from '../../src/integrations/directus/collections.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../../src/integrations/ridendine/ridendine-client.ts';
import { newCart, newTotals } from '../support/builders.ts';
import { createDirectusModel } from './directus-model.ts';
import type { DirectusModel, DirectusOutcome, Row } from './directus-model.ts';
import { BRIEF_QUOTE_MS, GRACE_MS, KEY_MS, MARGIN_MS, SPEED, WORKER_DIED } from './pace.ts';
import { createRideNDineModel } from './ridendine-model.ts';
import type { RideNDineModel } from './ridendine-model.ts';
import { KEYS } from './schedule.ts';
import type { Schedule } from './schedule.ts';

export type Activities = ReturnType<typeof createActivities>;

/** How an order's row has stood, whenever that changed. */
export interface Standing {
  at: number;
  id: string;
  status: string;
  quote: string | null;
  ridendineOrderId: string | null;
}

/** What a schedule happens to: a Directus and a RideNDine of its own, and the worker's steps between them. */
export interface World {
  /** Idempotency keys, by their number. */
  keys: string[];
  quotes: { id: string; expiresAt: number }[];
  directus: DirectusModel;
  ridendine: RideNDineModel;
  history: Standing[];
  /** Requests to Directus and RideNDine that did not simply succeed. */
  troubles: { directus: number; partner: number; deaths: number };
  request(options: { key: number; quote: number; payload: number }): CheckoutRequest;
  /** Makes a step as a worker does that may die in the middle of it. */
  attempt(name: keyof Activities, input: never): Promise<unknown>;
  /** From now on every request succeeds. */
  heal(): void;
  /** What is still under way at Directus and RideNDine is done. */
  settled(): Promise<void>;
}

/** The attempt of a step that makes a request. */
const attempts = new AsyncLocalStorage<{ die: () => Promise<never> }>();

/** @param isWorkerStopping while it is, what would die loses its connection: the SDK panics if a workflow task fails then. */
export function createWorld(schedule: Schedule, runs: OrderRuns, isWorkerStopping: () => boolean): World {
  const customer = randomUUID();
  const store = randomUUID();
  const keys = Array.from({ length: KEYS }, () => randomUUID() as string);
  const script = {
    read: [...schedule.directus.read],
    insert: [...schedule.directus.insert],
    update: [...schedule.directus.update],
  };
  const partnerScript = [...schedule.partner.first];
  let isHealed = false;
  const troubles = { directus: 0, partner: 0, deaths: 0 };
  const history: Standing[] = [];
  const die = () => {
    if (isWorkerStopping()) return Promise.reject(new TypeError('fetch failed'));
    troubles.deaths += 1;
    return attempts.getStore()?.die() ?? Promise.reject(new Error('A request was made outside of a step.'));
  };
  const directus = createDirectusModel({
    outcomeOf(kind): DirectusOutcome {
      const outcome = isHealed ? 'ok' : (script[kind].shift() ?? schedule.directus.later);
      if (outcome !== 'ok') troubles.directus += 1;
      return outcome;
    },
    die,
    onOrders: (orders) => remember(history, orders),
  });
  const ridendine = createRideNDineModel({
    outcomeOf() {
      const outcome = isHealed ? 'ok' : (partnerScript.shift() ?? schedule.partner.later);
      if (outcome !== 'ok') troubles.partner += 1;
      return outcome;
    },
    die,
    remembersMs: KEY_MS,
  });
  directus.add(collections.customers, {
    id: customer,
    [customerFields.name]: 'Customer One',
    [customerFields.phone]: '+1 555 0100',
    [customerFields.email]: 'one@example.com',
  });
  directus.add(collections.stores, { id: store, [storeFields.ridendineMerchantId]: 'merchant-1' });
  const quotes = schedule.quotes.map((lasts) => {
    const id = `quote-${randomUUID()}`;
    const expiresAt = Date.now() + (lasts === 'brief' ? BRIEF_QUOTE_MS : 3_600_000);
    directus.add(collections.quotes, {
      id,
      [quoteFields.customer]: customer,
      [quoteFields.store]: store,
      [quoteFields.fulfillmentMethod]: 'PICKUP',
      [quoteFields.totals]: newTotals(),
      [quoteFields.itemsSnapshot]: newCart(),
      [quoteFields.expiresAt]: new Date(expiresAt).toISOString(),
    });
    return { id, expiresAt };
  });
  const activities = createActivities({
    orders: createOrdersStore(
      connectDirectus({ url: 'http://directus.invalid', token: 'token', timeoutMs: 5000, fetch: directus.fetch }),
    ),
    runs,
    partner: createRideNDineClient({
      baseUrl: 'http://ridendine.invalid',
      apiKey: 'key',
      timeoutMs: 8000,
      fetch: ridendine.fetch,
    }),
    deadlines: {
      ridendineTimeoutMs: 8000,
      ridendineIdempotencyTtlMs: KEY_MS,
      ridendineIdempotencyMarginMs: MARGIN_MS,
      quoteGraceMs: GRACE_MS,
      reviewWindowMs: 20_000,
    },
    links: { directusPublicUrl: 'http://directus.invalid', runbookUrl: undefined },
  });
  return {
    keys,
    quotes,
    directus,
    ridendine,
    history,
    troubles,
    request: ({ key, quote, payload }) => ({
      customer_id: customer,
      quote_id: quotes[quote]?.id ?? '',
      fulfillment_method: 'PICKUP',
      ...(payload > 0 && { customer_note: `Note ${payload}` }),
      idempotency_key: keys[key] ?? '',
    }),
    attempt: (name, input) => mortal(() => (activities[name] as (input: never) => Promise<unknown>)(input)),
    heal() {
      isHealed = true;
    },
    async settled() {
      await directus.settled();
      await ridendine.settled();
    },
  };
}

function remember(history: Standing[], orders: Row[]): void {
  for (const order of orders) {
    const standing = {
      at: Date.now(),
      id: String(order[orderFields.id]),
      status: String(order[orderFields.status]),
      quote: (order[orderFields.activeQuoteId] as string | null) ?? null,
      ridendineOrderId: (order[orderFields.ridendineOrderId] as string | null) ?? null,
    };
    const last = history.findLast(({ id }) => id === standing.id);
    if (!isDeepStrictEqual(last && { ...last, at: standing.at }, standing)) history.push(standing);
  }
}

/** An attempt that may die: then nobody hears of it any more, as if its worker were gone. */
async function mortal(step: () => Promise<unknown>): Promise<unknown> {
  const death = Promise.withResolvers<'died'>();
  const die = () => {
    death.resolve('died');
    return new Promise<never>(() => {});
  };
  const outcome = await Promise.race([
    attempts.run({ die }, async () => ({ value: await step().catch(sooner) })),
    death.promise,
  ]);
  if (outcome !== 'died') return outcome.value;
  const { isLocal, startToCloseTimeoutMs } = activityInfo();
  // The server hears nothing of an attempt until its time is over. What the attempt says after that is not listened to.
  if (!isLocal) await new Promise((resolve) => void setTimeout(resolve, startToCloseTimeoutMs + 500));
  throw ApplicationFailure.nonRetryable('The worker has died.', WORKER_DIED);
}

/** A pause that a step asks for comes to its end as soon as all others. */
function sooner(error: unknown): never {
  if (error instanceof ApplicationFailure && typeof error.nextRetryDelay === 'number') {
    throw ApplicationFailure.create({
      type: error.type ?? null,
      message: error.message,
      nonRetryable: error.nonRetryable ?? false,
      details: error.details ?? [],
      nextRetryDelay: Math.ceil(error.nextRetryDelay / SPEED),
    } as Parameters<typeof ApplicationFailure.create>[0]);
  }
  throw error;
}
