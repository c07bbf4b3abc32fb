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
  /** @param decided if support staff typed the ids: whether they checked the ids, and how long the write is tried. */
  saveLinkIds(
    orderId: string,
    link: LinkIds,
    decided?: { ids_checked: boolean; triedFor: Duration },
  ): Promise<OrderCreationResult>;
  /**
   * Writes an order status, with its failure, on the order. It cannot be cancelled: a run ends only after Directus
   * knows how its order ended.
   *
   * @param triedFor how long the write is tried; without it, until the write succeeds.
   */
  markOrder(mark: OrderMark, triedFor?: Duration): Promise<MarkResult>;
  /** Cancels a checkout while the run knows of no order: writes `CANCELLED` under the idempotency key. */
  cancelCheckout(action: SupportAction | undefined): Promise<CancelledCheckout>;
}

/**
 * The steps whose first attempt is local. If a worker dies during a local attempt, the history does not show the
 * attempt, and the run's whole workflow task is repeated. These steps can bear that. `validateCheckout` reads, and
 * writes only as an activity. `saveLinkIds` writes ids that the history holds. `createOrderRecord` writes the id of its
 * run on the order, which shows later whose order it is
 * (docs/decisions/0017-first-attempts-at-directus-are-local.md).
 */
type LocalActivities = Pick<OrderCreationActivities, 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds'>;

/**
 * The first attempt of a step is a local activity: the worker that has the run's workflow task makes it, without a
 * round trip to the Temporal server. If this attempt does not succeed, the step continues as an activity, which people
 * can see, pause and reset. A definite refusal ends the step at once.
 *
 * @param status.publish is called before a step continues as an activity, so that people find the run by its stage.
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
        // An activity, because it changes an existing order: the history must show the change for the run to undo it.
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

/** `false` for a definite refusal, for a cancellation and for an error in the workflow's own code. */
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
