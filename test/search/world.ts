import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createActivities } from '../../src/activities/create-activities.ts';
import type { OrderRuns } from '../../src/activities/order-runs.ts';
import { PARTNER_TASK_QUEUE, orderCreationWorkflowId } from '../../src/contract/runs.ts';
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
import type { PartnerOutcome, RideNDineModel } from './ridendine-model.ts';
import { KEYS } from './schedule.ts';
import type { Schedule, TemporalOutcome } from './schedule.ts';

export type Activities = ReturnType<typeof createActivities>;

/** A step's request that did not simply succeed. `key`: the key of the step's run; undefined for a sweep. */
export interface Trouble {
  at: number;
  key: number | undefined;
  with: 'directus' | 'partner' | 'temporal';
  outcome: DirectusOutcome | PartnerOutcome | TemporalOutcome;
}

/** One version of an order's row, recorded when the row changed. */
export interface OrderVersion {
  at: number;
  id: string;
  status: string;
  quote: string | null;
  ridendineOrderId: string | null;
}

/** The world in which a schedule runs: its own Directus, its own RideNDine, and the worker's steps between them. */
export interface World {
  /** Idempotency keys, by their number. */
  keys: string[];
  quotes: { id: string; expiresAt: number }[];
  directus: DirectusModel;
  ridendine: RideNDineModel;
  history: OrderVersion[];
  troubles: Trouble[];
  /** When calls to RideNDine were paused. */
  pauses: { from: number; to: number }[];
  /**
   * Attempts at RideNDine, with the numbers of Temporal. An attempt whose number is missing was lost before it began.
   */
  partnerAttempts: { at: number; key: number; runId: string; number: number }[];
  /**
   * Runs that cannot know that RideNDine does not have their order: the worker was lost within the workflow task, so
   * that the run found the order that it had written itself; or a build took over late, so that the first attempt looks
   * like one after an operator's reset.
   */
  unsureRuns: Set<string>;
  request(options: { key: number; quote: number; payload: number }): CheckoutRequest;
  /** Makes an attempt at a step of a run, as a worker that may die in the middle of it. */
  attempt(workflowId: string, name: keyof Activities, input: never): Promise<unknown>;
  pauseCalls(): void;
  resumeCalls(): void;
  /** From now on every request succeeds. */
  heal(): void;
  /** Waits until Directus and RideNDine have carried out their late requests. */
  settled(): Promise<void>;
}

/** The attempt at a step in which a request is made. */
const attempts = new AsyncLocalStorage<{ key: number | undefined; die: () => Promise<never> }>();

/**
 * @param isWorkerStopping whether a worker is stopping. Then a lost connection takes the place of a death, because the
 *   SDK panics if a workflow task fails while a worker stops.
 */
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
  const temporalScript = [...schedule.temporal];
  const troubles: Trouble[] = [];
  const partnerAttempts: World['partnerAttempts'] = [];
  const writing = new Set<string>();
  const unsureRuns: World['unsureRuns'] = new Set();
  const pauses: World['pauses'] = [];
  const openPause = () => pauses.find(({ to }) => to === Infinity);
  const drawn = <Outcome extends Trouble['outcome']>(from: Trouble['with'], next: () => Outcome): Outcome | 'ok' => {
    const outcome = isHealed ? 'ok' : next();
    if (outcome !== 'ok') troubles.push({ at: Date.now(), key: attempts.getStore()?.key, with: from, outcome });
    return outcome;
  };
  const history: OrderVersion[] = [];
  const die = () => {
    if (isWorkerStopping()) return Promise.reject(new TypeError('fetch failed'));
    return attempts.getStore()?.die() ?? Promise.reject(new Error('A request was made outside of a step.'));
  };
  const directus = createDirectusModel({
    outcomeOf: (kind) => drawn('directus', () => script[kind].shift() ?? schedule.directus.later),
    die,
    onOrders: (orders) => remember(history, orders),
  });
  const ridendine = createRideNDineModel({
    outcomeOf: () => drawn('partner', () => partnerScript.shift() ?? schedule.partner.later),
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
    runs: mortalRuns(runs, { outcomeOf: () => drawn('temporal', () => temporalScript.shift() ?? 'ok'), die }),
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
    pause() {
      const open = openPause();
      return open
        ? { since: new Date(open.from).toISOString(), by: { actor: 'agent-7', reason: 'Maintenance' } }
        : null;
    },
    partnerTaskQueue: PARTNER_TASK_QUEUE,
    links: { directusPublicUrl: 'http://directus.invalid', runbookUrl: undefined },
  });
  return {
    keys,
    quotes,
    directus,
    ridendine,
    history,
    troubles,
    partnerAttempts,
    unsureRuns,
    pauses,
    request: ({ key, quote, payload }) => ({
      customer_id: customer,
      quote_id: quotes[quote]?.id ?? '',
      fulfillment_method: 'PICKUP',
      ...(payload > 0 && { customer_note: `Note ${payload}` }),
      idempotency_key: keys[key] ?? '',
    }),
    attempt(workflowId, name, input) {
      const key = keys.findIndex((each) => orderCreationWorkflowId(each) === workflowId);
      const { attempt: number, workflowExecution, ...info } = activityInfo();
      const runId = workflowExecution?.runId ?? '';
      if (name === 'createRideNDineOrder') {
        partnerAttempts.push({ at: Date.now(), key, runId, number });
        const sinceScheduledMs = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs;
        if (number === 1 && sinceScheduledMs >= info.startToCloseTimeoutMs / 2) unsureRuns.add(runId);
      }
      if (name === 'createOrderRecord') writing.add(runId);
      if (name === 'validateCheckout' && writing.has(runId)) unsureRuns.add(runId);
      const step = () => (activities[name] as (input: never) => Promise<unknown>)(input);
      return mortal(key === -1 ? undefined : key, step);
    },
    pauseCalls() {
      if (!openPause()) pauses.push({ from: Date.now(), to: Infinity });
    },
    resumeCalls() {
      const open = openPause();
      if (open) open.to = Date.now();
    },
    heal() {
      isHealed = true;
    },
    async settled() {
      await directus.settled();
      await ridendine.settled();
    },
  };
}

function remember(history: OrderVersion[], orders: Row[]): void {
  for (const order of orders) {
    const version = {
      at: Date.now(),
      id: String(order[orderFields.id]),
      status: String(order[orderFields.status]),
      quote: (order[orderFields.activeQuoteId] as string | null) ?? null,
      ridendineOrderId: (order[orderFields.ridendineOrderId] as string | null) ?? null,
    };
    const last = history.findLast(({ id }) => id === version.id);
    if (!isDeepStrictEqual(last && { ...last, at: version.at }, version)) history.push(version);
  }
}

/** A step's calls to Temporal. Each call may fail, and the worker may die before or after it. */
function mortalRuns(
  runs: OrderRuns,
  { outcomeOf, die }: { outcomeOf: () => TemporalOutcome; die: () => Promise<never> },
): OrderRuns {
  const mortally =
    <Input extends unknown[], Output>(call: (...input: Input) => Promise<Output>) =>
    async (...input: Input): Promise<Output> => {
      const outcome = outcomeOf();
      if (outcome === 'unavailable') throw new Error('Temporal is unavailable.');
      if (outcome === 'diesBefore') return await die();
      const result = await call(...input);
      return outcome === 'diesAfter' ? await die() : result;
    };
  return {
    continueOrder: mortally((...input) => runs.continueOrder(...input)),
    findFailure: mortally((...input) => runs.findFailure(...input)),
    stopAttempts: mortally((...input) => runs.stopAttempts(...input)),
    decide: mortally((...input) => runs.decide(...input)),
    requestCancellation: mortally((...input) => runs.requestCancellation(...input)),
  };
}

/** Makes an attempt that may die. After its death nobody hears of it, as if its worker were gone. */
async function mortal(key: number | undefined, step: () => Promise<unknown>): Promise<unknown> {
  const death = Promise.withResolvers<'died'>();
  const die = () => {
    death.resolve('died');
    return new Promise<never>(() => {});
  };
  const outcome = await Promise.race([
    attempts.run({ key, die }, async () => ({ value: await step().catch(sooner) })),
    death.promise,
  ]);
  if (outcome !== 'died') return outcome.value;
  const { isLocal, startToCloseTimeoutMs } = activityInfo();
  // The server must hear nothing of a dead attempt until the time-out. After that, the server ignores its result.
  if (!isLocal) await new Promise((resolve) => void setTimeout(resolve, startToCloseTimeoutMs + 500));
  // If the server is late with the time-out, this failure leads to another attempt all the same.
  throw ApplicationFailure.create({ message: 'The worker has died.', type: WORKER_DIED, nonRetryable: isLocal });
}

/** Divides a step's own retry pause by SPEED. */
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
