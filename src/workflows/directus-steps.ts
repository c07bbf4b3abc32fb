import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TemporalFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { ActivityOptions, Duration } from '@temporalio/common';
import type {
  CancelledCheckout,
  CheckoutStanding,
  MarkResult,
  OpenStanding,
  OrderCreationActivities,
  OrderMark,
  OrderRecord,
} from '../activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import type { SupportAction } from '../domain/support-action.ts';
import type { RunStatus } from './status.ts';
import { afterTheRecord, beforeTheRecord, firstDirectusAttempt, untilMarked } from './policies.ts';

/** What a run reads and writes in Directus. */
export interface DirectusSteps {
  validateCheckout(): Promise<CheckoutStanding>;
  createOrderRecord(standing: OpenStanding): Promise<OrderRecord>;
  /** @param decided where support staff have typed the ids, and RideNDine has not told them: for how long it is tried. */
  saveLinkIds(
    orderId: string,
    link: LinkIds,
    decided?: { ids_checked: boolean; triedFor: Duration },
  ): Promise<OrderCreationResult>;
  /**
   * Writes how matters stand with an order: a run ends only after Directus knows.
   *
   * @param triedFor until it succeeds, unless told.
   */
  markOrder(mark: OrderMark, triedFor?: Duration): Promise<MarkResult>;
  /** Writes `CANCELLED` under the key of a checkout of whose order the run does not know. */
  cancelCheckout(action: SupportAction | undefined): Promise<CancelledCheckout>;
}

/**
 * If a worker dies in the middle of a local attempt, nothing in the history tells of it, and the run's whole workflow task
 * is repeated. That does no harm to these steps: one reads, and writes in an activity only; one writes what the history
 * holds; and an order that is written keeps the id of its run
 * (docs/decisions/0017-first-attempts-at-directus-are-local.md).
 */
type LocalActivities = Pick<OrderCreationActivities, 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds'>;

/**
 * The first attempt of a step is a local activity, made by the worker that has the run's workflow task: nobody waits for
 * the server between the steps. If that does not succeed, the step goes on as an activity, which people see, pause and
 * reset. A definite refusal ends the step at once.
 *
 * @param status.publish called when a step is to go on as one that people see.
 */
export function startDirectusSteps(
  input: OrderCreationInput,
  { publish, tell }: Pick<RunStatus, 'publish' | 'tell'>,
): DirectusSteps {
  const firstLocally = async <Output>(
    options: ActivityOptions,
    summary: string,
    { call, afterAttempt }: { call: (activities: LocalActivities) => Promise<Output>; afterAttempt: () => void },
  ): Promise<Output> => {
    try {
      return await call(proxyLocalActivities<LocalActivities>({ ...firstDirectusAttempt, summary }));
    } catch (error) {
      if (!canBeTriedAgain(error)) throw error;
      afterAttempt();
      publish();
      return await asActivity(options, summary, call);
    }
  };

  return {
    validateCheckout: () =>
      tell('validateCheckout', (afterAttempt) =>
        firstLocally(beforeTheRecord, 'Check the checkout', {
          call: (steps) => steps.validateCheckout(input),
          afterAttempt,
        }),
      ),

    createOrderRecord: (standing) =>
      tell('createOrderRecord', (afterAttempt) => {
        const summary = `Create the Directus record of ${named(standing.order_id)}`;
        const call = (steps: LocalActivities) => steps.createOrderRecord({ request: input, standing });
        if (standing.kind !== 'failed') return firstLocally(beforeTheRecord, summary, { call, afterAttempt });
        // It changes an order that is there: the run must know of it to take it back.
        publish();
        return asActivity(beforeTheRecord, summary, call);
      }),

    saveLinkIds: (orderId, link, decided) =>
      tell('saveLinkIds', (afterAttempt) =>
        firstLocally(
          { ...afterTheRecord, ...(decided && { scheduleToCloseTimeout: decided.triedFor }) },
          `Save the RideNDine ids on ${named(orderId)}`,
          {
            call: (steps) =>
              steps.saveLinkIds({
                order_id: orderId,
                link,
                ...(decided && { typed_by_hand: { ids_checked: decided.ids_checked } }),
              }),
            afterAttempt,
          },
        ),
      ),

    markOrder: (mark, triedFor) =>
      CancellationScope.nonCancellable(() =>
        asActivity(
          { ...untilMarked, ...(triedFor !== undefined && { scheduleToCloseTimeout: triedFor }) },
          `Write ${mark.status} on ${named(mark.order_id)}`,
          (steps) => steps.markOrder(mark),
        ),
      ),

    cancelCheckout: (action) =>
      asActivity(untilMarked, 'Write CANCELLED under the idempotency key', (steps) =>
        steps.cancelCheckout({ request: input, ...(action && { support_action: action }) }),
      ),
  };
}

function asActivity<Output>(
  options: ActivityOptions,
  summary: string,
  call: (activities: OrderCreationActivities) => Promise<Output>,
): Promise<Output> {
  return call(proxyActivities<OrderCreationActivities>({ ...options, summary }));
}

/** Not what was refused for good or cancelled, nor a mistake in this code. */
function canBeTriedAgain(error: unknown): boolean {
  if (isCancellation(error)) return false;
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TemporalFailure;
}

/** How summaries name an order: as much of its id as people compare by eye. */
export function named(orderId: string): string {
  return `order ${orderId.slice(0, 8)}…`;
}
