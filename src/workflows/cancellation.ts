import {
  CancellationScope,
  allHandlersFinished,
  condition,
  currentUpdateInfo,
  defineUpdate,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import { CANCEL_ORDER_UPDATE, faultsOfCancelRequest, withoutBlanksAtEnds } from '../domain/review-decision.ts';
import type { CancelRequest } from '../domain/review-decision.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { afterTheRecord } from './activity-options.ts';
import { refuseDecision } from './review.ts';
import { supportAction } from './support-actions.ts';

const cancelOrder = defineUpdate<void, [CancelRequest]>(CANCEL_ORDER_UPDATE);

const { requestCancellation } = proxyActivities<OrderCreationActivities>({
  ...afterTheRecord,
  summary: 'Ask Temporal to cancel this run',
});

const TOO_LATE =
  'RideNDine may have the order by now, so it can not be cancelled here. An order in review is ended with the update resolveReview.';

const ENDED = 'The order creation has ended by itself before it could be cancelled. Look at how it ended.';

/**
 * How an order is cancelled before it goes to RideNDine: by Temporal's own request, which carries no name, or by the
 * update `cancelOrder`, which tells who wants it and why and then makes that request.
 */
export interface Cancellation {
  /** Whether the order is to be cancelled. */
  isAsked(): boolean;
  /** Who asked by the update. */
  readonly by: SupportAction | undefined;
  /** From here on nobody can cancel the order, whoever has asked included. */
  refuseFromNowOn(): void;
  /** After {@link isAsked}: waits until Temporal knows, too, without which a run can't close as cancelled. */
  untilRequested(): Promise<void>;
  /** Before the run closes: whoever asked hears whether they got what they wanted. */
  settle(outcome: 'cancelled' | 'ended otherwise'): Promise<void>;
}

/** @param onAsked told when somebody has asked by the update. */
export function openCancellation({ onAsked }: { onAsked: () => void }): Cancellation {
  const root = CancellationScope.current();
  const requested = root.cancelRequested.catch(() => {});
  let by: SupportAction | undefined;
  let isOpen = true;
  let answer: { refusal: string | undefined } | undefined;
  const close = (refusal: string | undefined) => {
    isOpen = false;
    answer ??= { refusal };
  };

  setHandler(
    cancelOrder,
    (request) =>
      CancellationScope.nonCancellable(async () => {
        by = supportAction('cancel', withoutBlanksAtEnds(request), currentUpdateInfo()?.id);
        onAsked();
        const isAnswered = condition(() => answer !== undefined);
        // Once it is too late the run goes on, and may end, whether or not Temporal has heard.
        await Promise.race([requestCancellation(), isAnswered]);
        await isAnswered;
        if (answer?.refusal !== undefined) refuseDecision(answer.refusal);
      }),
    {
      validator: (request) => {
        if (!isOpen) refuseDecision(TOO_LATE);
        if (by || root.consideredCancelled) refuseDecision('The order is being cancelled already.');
        const faults = faultsOfCancelRequest(request);
        if (faults.length > 0) refuseDecision(faults.join(' '));
      },
    },
  );

  return {
    get by() {
      return by;
    },
    isAsked: () => by !== undefined || root.consideredCancelled,
    refuseFromNowOn: () => close(TOO_LATE),
    untilRequested: () => CancellationScope.nonCancellable(() => requested),
    async settle(outcome) {
      close(outcome === 'cancelled' ? undefined : ENDED);
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    },
  };
}
