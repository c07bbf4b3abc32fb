import {
  CancellationScope,
  allHandlersFinished,
  condition,
  currentUpdateInfo,
  defineUpdate,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import { CANCEL_ORDER_UPDATE, cancelReplies, faultsOfWhoAndWhy, withoutBlanksAtEnds } from '../contract/updates.ts';
import type { WhoAndWhy } from '../contract/updates.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { refuseDecision, supportAction } from './decisions.ts';
import { afterTheRecord } from './policies.ts';
import type { RunStatus } from './status.ts';

/** The update's result is a sentence that says what came of the request. */
const cancelOrder = defineUpdate<string, [WhoAndWhy]>(CANCEL_ORDER_UPDATE);

const { requestCancellation } = proxyActivities<OrderCreationActivities>({
  ...afterTheRecord,
  summary: 'Ask Temporal to cancel this run',
});

/** Why a request to cancel the order is refused. */
const refusals = {
  created: cancelReplies.created,
  inReview:
    'The order is in review. Decide about it; "abandon" gives it up (in Directus, or in the Temporal UI with the update resolveReview).',
  ended: 'The order creation has ended by itself before it could be cancelled. Look at how it ended.',
} as const;

/** What has become of a request. */
type Answer = { done: string } | { refused: string };

/**
 * Requests to cancel an order. A request comes by the update `cancelOrder`, which says who asks and why, or as
 * Temporal's own request, which carries no name. Both count until RideNDine has created the order. The steps of the run
 * decide what comes of a request.
 */
export interface Cancellation {
  /** The first request cancels this scope, which interrupts the work that runs in it. */
  readonly scope: CancellationScope;
  /** Whether there is an open request: one that has not been answered yet. */
  isAsked(): boolean;
  /** The open request as it is stored on the order: who asked, and why. `undefined` without an open request. */
  readonly action: SupportAction | undefined;
  /** Refuses the open request and all later ones. */
  refuse(why: 'created'): void;
  /** Refuses new requests during a review. @returns the open request, if one has brought the order into review. */
  pause(): SupportAction | undefined;
  /** Answers the open request: in review. @param isRecorded whether Directus has stored the review and the request. */
  isInReview(isRecorded: boolean): void;
  /** Accepts requests again after a review. */
  resume(): void;
  /**
   * Answers the open request. The run must call this before it closes. If the outcome is `cancelled`, Temporal is asked
   * to cancel the run first: without such a request Temporal does not close a run as cancelled.
   */
  settle(outcome: 'cancelled' | 'ended otherwise'): Promise<void>;
}

export function openCancellation(status: Pick<RunStatus, 'isBeingCancelled' | 'ignoresCancellation'>): Cancellation {
  const root = CancellationScope.current();
  const scope = new CancellationScope();
  let refusal: string | undefined;
  let asked: { action: SupportAction; answer?: Answer } | undefined;

  const isAsked = () => asked !== undefined && asked.answer === undefined;
  const ask = (action: SupportAction) => {
    asked = { action };
    status.isBeingCancelled(action);
    scope.cancel();
  };
  const answer = (given: Answer) => {
    if (asked) asked.answer ??= given;
  };
  const requested = root.cancelRequested.catch(() => {
    if (isAsked()) return;
    if (refusal === undefined) ask(requestOfTemporal());
    else status.ignoresCancellation();
  });

  setHandler(
    cancelOrder,
    (request) =>
      CancellationScope.nonCancellable(async () => {
        ask(supportAction('cancel', withoutBlanksAtEnds(request), currentUpdateInfo()?.id));
        const own = asked;
        await condition(() => own?.answer !== undefined);
        const given = own?.answer as Answer;
        return 'refused' in given ? refuseDecision(given.refused) : given.done;
      }),
    {
      validator: (request) => {
        if (refusal !== undefined) refuseDecision(refusal);
        if (isAsked()) refuseDecision('The order is being cancelled already.');
        const faults = faultsOfWhoAndWhy(request);
        if (faults.length > 0) refuseDecision(faults.join(' '));
      },
    },
  );

  return {
    scope,
    isAsked,
    get action() {
      return isAsked() ? asked?.action : undefined;
    },
    refuse(why) {
      refusal = refusals[why];
      answer({ refused: refusal });
    },
    pause() {
      refusal = refusals.inReview;
      return isAsked() ? asked?.action : undefined;
    },
    isInReview(isRecorded) {
      answer({ done: isRecorded ? cancelReplies.broughtToReview : cancelReplies.notRecorded });
    },
    resume() {
      refusal = undefined;
    },
    settle: (outcome) =>
      CancellationScope.nonCancellable(async () => {
        if (outcome === 'cancelled' && !root.consideredCancelled) await requestCancellation();
        if (outcome === 'cancelled') await requested;
        refusal = refusals.ended;
        answer(outcome === 'cancelled' ? { done: cancelReplies.cancelled } : { refused: refusal });
        await condition(allHandlersFinished);
      }),
  };
}

/** The entry for Temporal's own request, such as the button of its UI, which does not say who pressed it. */
function requestOfTemporal(): SupportAction {
  return {
    id: workflowInfo().runId,
    at: new Date().toISOString(),
    actor: 'Request Cancellation in Temporal',
    action: 'cancel',
    reason: 'Temporal does not record who asked, nor why.',
  };
}
