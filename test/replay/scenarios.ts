import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import pWaitFor from 'p-wait-for';
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import type { OrderSweepActivities } from '../../src/activities/continue-lost-orders.ts';
import { currentRunId } from '../../src/activities/current-run.ts';
import { failures } from '../../src/domain/failures.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import type { OrderCreationInput, OrderCreationState } from '../../src/contract/runs.ts';
import { PartnerError } from '../../src/integrations/partner.ts';
import type { OrderSweep } from '../../src/workflows/order-sweep.ts';
import { personalData } from '../support/personal-data.ts';
import type { Scenario, ScenarioOptions } from '../support/scripted-activities.ts';

/** One course that a run can take. */
export interface ReplayScenario {
  /** Also the name of the history's file. */
  name: string;
  /** Default: `orderCreation`. */
  workflow?: 'orderCreation' | 'orderSweep';
  /** What Directus and RideNDine do. */
  options?: Omit<ScenarioOptions, 'request' | 'nowMs'>;
  /** Replaces activities of the scenario. */
  change?: (
    activities: OrderCreationActivities,
    scenario: Scenario,
  ) => Partial<OrderCreationActivities & OrderSweepActivities>;
  /** The workflow's input. Default: a checkout. */
  input?: (idempotencyKey: string) => OrderCreationInput | OrderSweep;
  /** The run is started as by a person: with the input alone, without memo and search attributes. */
  byHand?: true;
  /** What people do while the run is open. The run must close without further help afterwards. */
  drive?: (handle: WorkflowHandle) => Promise<void>;
}

const { partnerText } = personalData;
const rejected = new PartnerError('RideNDineRejected', 'rejected', 'RideNDine refused the order (422).', {
  status: 422,
  partnerText,
});
const noAnswer = new PartnerError('RideNDineUnavailable', 'maybeSent', 'RideNDine answered 503.', { status: 503 });
const notReached = new PartnerError('RideNDineUnavailable', 'notSent', 'RideNDine cannot be reached.');
const mayHaveIt: ScenarioOptions['ridendine'] = [noAnswer, rejected, undefined];

const ids = { ridendine_order_id: 'rnd_found', payment_session_id: 'ps_found' };
const by = { actor: 'agent-7', reason: personalData.supportReason };
const maintenance = { since: '2026-01-31T12:00:00.000Z', by };

export const scenarios: ReplayScenario[] = [
  { name: 'good-path' },
  { name: 'started-by-hand', byHand: true },
  {
    name: 'calls-in-a-queue-of-their-own',
    change: (activities) => ({
      async createOrderRecord(input) {
        // The scenario's worker serves only the task queue that has the name of the scenario.
        return { ...(await activities.createOrderRecord(input)), partner_task_queue: 'calls-in-a-queue-of-their-own' };
      },
    }),
  },
  {
    name: 'linked-by-an-earlier-run',
    change: () => ({
      async validateCheckout() {
        const result = { order_id: 'order-1', ...ids, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
        return { kind: 'linked', request_fingerprint: 'fingerprint', result };
      },
    }),
  },
  ...failuresOf('validateCheckout', [
    'CheckoutInvalid',
    'QuoteNotFound',
    'QuoteExpired',
    'StoreNotOnRideNDine',
    'IdempotencyKeyReused',
    'OrderNeedsReview',
    'OrderCancelled',
    'DirectusUnavailable',
    'DirectusRejected',
  ]),
  ...failuresOf('createOrderRecord', ['QuoteAlreadyUsed', 'DirectusUnavailable', 'DirectusRejected']),
  ...failuresOf('createRideNDineOrder', [
    'RideNDineRejected',
    'RideNDineUnauthorized',
    'RideNDineRateLimited',
    'RideNDineUnavailable',
  ]),
  { name: 'ridendine-answers-at-last', options: { ridendine: [notReached, noAnswer, undefined] } },
  { name: 'review-link', options: { ridendine: mayHaveIt }, drive: decide({ decision: 'link', ...ids }) },
  { name: 'review-retry', options: { ridendine: mayHaveIt }, drive: decide({ decision: 'retry' }) },
  { name: 'review-abandon', options: { ridendine: mayHaveIt }, drive: decide({ decision: 'abandon' }) },
  {
    name: 'review-contract-broken-until-the-key-is-old',
    change: () => ({
      async createRideNDineOrder() {
        throw finalFailure('RideNDineContractBroken', [{ outcome: 'maybeSent', maybe_sent: true }]);
      },
    }),
    drive: decide({ decision: 'link', ...ids }),
  },
  {
    name: 'review-overdue',
    options: { ridendine: mayHaveIt, reviewWindowMs: 50 },
    async drive(handle) {
      await untilState(handle, ({ review_overdue }) => review_overdue === true);
      await decide({ decision: 'retry' })(handle);
    },
  },
  {
    name: 'review-refuses-a-decision',
    options: { ridendine: mayHaveIt },
    change: (activities) => ({
      async saveLinkIds(input) {
        if (input.link.ridendine_order_id === 'rnd_of_another') throw finalFailure('LinkConflict');
        return await activities.saveLinkIds(input);
      },
    }),
    async drive(handle) {
      await decide({ decision: 'link', ...ids, ridendine_order_id: 'rnd_of_another' })(handle).catch(() => {});
      await decide({ decision: 'link', ...ids })(handle);
    },
  },
  {
    name: 'calls-are-paused',
    change(activities) {
      const failure = finalFailure('RideNDineUnavailable', [{ maybe_sent: false, pause: maintenance }]);
      return { createRideNDineOrder: failingAtFirst(failure, (input) => activities.createRideNDineOrder(input)) };
    },
  },
  {
    name: 'link-conflict',
    change: (activities) => ({
      saveLinkIds: failingAtFirst(finalFailure('LinkConflict'), (input) => activities.saveLinkIds(input)),
    }),
    drive: decide({ decision: 'retry' }),
  },
  {
    name: 'cancelled-before-the-record',
    change: () => ({
      async validateCheckout() {
        throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
      },
    }),
    drive: (handle) => cancel(handle),
  },
  {
    name: 'cancelled-during-the-record',
    change: () => ({
      async createOrderRecord() {
        throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
      },
    }),
    async drive(handle) {
      await untilState(handle, ({ stage }) => stage === 'CREATING_RECORD');
      await cancel(handle);
    },
  },
  {
    name: 'cancelled-by-support',
    change: () => ({
      async createOrderRecord() {
        throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
      },
    }),
    async drive(handle) {
      await untilState(handle, ({ stage }) => stage === 'CREATING_RECORD');
      await handle.executeUpdate('cancelOrder', { args: [by] });
    },
  },
  {
    name: 'cancelled-while-ridendine-is-asked',
    options: { ridendine: [notReached] },
    async drive(handle) {
      await untilAttemptsFailed(handle);
      await handle.executeUpdate('cancelOrder', { args: [by] });
    },
  },
  {
    name: 'review-after-a-cancellation',
    options: { ridendine: [noAnswer] },
    async drive(handle) {
      await untilAttemptsFailed(handle);
      await cancel(handle);
      await decide({ decision: 'link', ...ids })(handle);
    },
  },
  {
    name: 'review-of-a-lost-run-that-is-cancelled',
    input: continuation,
    change: (activities, { orderId }) => ({
      async validateCheckout() {
        throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
      },
      async cancelCheckout() {
        const found = { run_id: currentRunId(), order_id: orderId, request_fingerprint: 'fingerprint' };
        return { ...found, kind: 'unfinished', store_id: null };
      },
      async createOrderRecord(input) {
        return { ...(await activities.createOrderRecord(input)), maybe_sent_before: true };
      },
    }),
    async drive(handle) {
      await cancel(handle);
      await decide({ decision: 'abandon' })(handle);
    },
  },
  {
    name: 'review-ignores-a-cancellation',
    options: { ridendine: mayHaveIt },
    async drive(handle) {
      await untilState(handle, ({ stage }) => stage === 'NEEDS_REVIEW');
      await cancel(handle);
      await decide({ decision: 'retry' })(handle);
    },
  },
  {
    name: 'link-while-a-cancellation-is-asked-for',
    change(activities) {
      const asked = Promise.withResolvers<void>();
      return {
        async createRideNDineOrder(order) {
          const link = await activities.createRideNDineOrder(order);
          await asked.promise;
          return link;
        },
        async stopPartnerAttempts() {
          asked.resolve();
          return await activities.stopPartnerAttempts();
        },
      };
    },
    async drive(handle) {
      await untilState(handle, ({ stage }) => stage === 'CREATING_RIDENDINE_ORDER');
      await cancel(handle);
    },
  },
  { name: 'retried-after-a-failure', change: foundAs('failed') },
  { name: 'continued-after-a-lost-run', input: continuation, change: foundAs('unfinished') },
  {
    name: 'continued-after-a-lost-review',
    input: continuation,
    change: (activities, scenario) => ({
      ...foundAs('unfinished')(activities, scenario),
      async createOrderRecord(input) {
        const review = { code: 'RideNDineRejected', reason: rejected.message } as const;
        return { ...(await activities.createOrderRecord(input)), review, maybe_sent_before: true };
      },
    }),
    drive: decide({ decision: 'link', ...ids }),
  },
  {
    name: 'continued-when-the-key-is-old',
    options: { keyLivesMs: -1000 },
    change: (activities) => ({
      async createOrderRecord(input) {
        return { ...(await activities.createOrderRecord(input)), maybe_sent_before: true };
      },
    }),
    drive: decide({ decision: 'retry' }),
  },
  {
    name: 'order-sweep',
    workflow: 'orderSweep',
    input: () => ({ older_than_ms: 1000 }),
    change: () => ({
      async continueLostOrders({ skip }) {
        return skip === 0
          ? { unfinished: 100, continued: 3, failed: 1, is_last: false }
          : { unfinished: 20, continued: 0, failed: 0, is_last: true };
      },
    }),
  },
];

function failuresOf(step: keyof OrderCreationActivities, codes: FailureCode[]): ReplayScenario[] {
  return codes.map((code) => ({
    name: `failure-${step}-${code}`,
    change: () => ({
      [step]: async () => {
        throw finalFailure(code, step === 'createRideNDineOrder' ? [{ outcome: 'rejected', maybe_sent: false }] : []);
      },
    }),
  }));
}

function finalFailure(code: FailureCode, details: unknown[] = []): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message: failures[code].meaning, nonRetryable: true, details });
}

function failingAtFirst<Input, Output>(failure: ApplicationFailure, step: (input: Input) => Promise<Output>) {
  let attempts = 0;
  return async (input: Input): Promise<Output> => {
    attempts += 1;
    if (attempts === 1) throw failure;
    return await step(input);
  };
}

function continuation(idempotencyKey: string): OrderCreationInput {
  return { idempotency_key: idempotencyKey, continue_order: true };
}

function foundAs(kind: 'failed' | 'unfinished'): NonNullable<ReplayScenario['change']> {
  return (activities, { request, orderId }) => ({
    async validateCheckout() {
      const found = await activities.validateCheckout(request);
      if (found.kind !== 'new') throw new Error('Each scenario begins with a new checkout.');
      const { checkout, request_fingerprint } = found;
      const known = { run_id: currentRunId(), order_id: orderId, request_fingerprint };
      return kind === 'failed' ? { ...known, kind, checkout } : { ...known, kind, store_id: checkout.store_id };
    },
  });
}

function decide(decision: object): (handle: WorkflowHandle) => Promise<void> {
  return async (handle) => {
    await untilState(handle, ({ stage }) => stage === 'NEEDS_REVIEW');
    // A decision waits until Directus knows of the review. That wait would add a timer to the history.
    await untilMarked(handle);
    await handle.executeUpdate('resolveReview', { args: [{ ...decision, ...by }] });
  };
}

async function cancel(handle: WorkflowHandle): Promise<void> {
  await handle.cancel();
}

function untilMarked(handle: WorkflowHandle): Promise<void> {
  return untilActivities(handle, 'Directus was not told of the review.', (pending) =>
    pending.every(({ activityType }) => activityType?.name !== 'markOrder'),
  );
}

/** Resolves once an attempt at RideNDine has failed and the run waits for the next one. */
function untilAttemptsFailed(handle: WorkflowHandle): Promise<void> {
  return untilActivities(handle, 'No attempt at RideNDine has failed.', (pending) =>
    pending.some(
      ({ activityType, lastFailure }) => activityType?.name === 'createRideNDineOrder' && lastFailure != null,
    ),
  );
}

type PendingActivities = NonNullable<Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']>;

async function untilActivities(
  handle: WorkflowHandle,
  message: string,
  holds: (pending: PendingActivities) => boolean,
): Promise<void> {
  await pWaitFor(async () => holds((await handle.describe()).raw.pendingActivities ?? []), {
    interval: 50,
    timeout: { milliseconds: 20_000, message },
  });
}

async function untilState(handle: WorkflowHandle, isReached: (state: OrderCreationState) => boolean): Promise<void> {
  // The pause between the queries leaves the worker time for its other tasks: each query is a task too.
  const pause = {
    interval: 50,
    timeout: { milliseconds: 20_000, message: 'The run did not come to where it should.' },
  };
  await pWaitFor(async () => isReached(await handle.query<OrderCreationState>('orderCreationState')), pause);
}
