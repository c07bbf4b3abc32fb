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

/** Its result says in a sentence what came of the request. */
const cancelOrder = defineUpdate<string, [WhoAndWhy]>(CANCEL_ORDER_UPDATE);

const { requestCancellation } = proxyActivities<OrderCreationActivities>({
  ...afterTheRecord,
  summary: 'Ask Temporal to cancel this run',
});

/** Why an order can't be cancelled from some point on. */
const refusals = {
  created: cancelReplies.created,
  inReview:
    'The order is in review. Decide about it; "abandon" gives it up (in Directus, or in the Temporal UI with the update resolveReview).',
  ended: 'The order creation has ended by itself before it could be cancelled. Look at how it ended.',
} as const;

/** What has become of a request. */
type Answer = { done: string } | { refused: string };

/**
 * Cancelling an order: by the update `cancelOrder`, which tells who wants it and why, or by Temporal's own request, which
 * carries no name. Either counts until RideNDine has answered. What comes of it is the steps' to decide.
 */
export interface Cancellation {
  /** Cancelled with the first request: what runs in it is broken off. */
  readonly scope: CancellationScope;
  /** Whether somebody has asked and nothing has come of it yet. */
  isAsked(): boolean;
  /** Who asked, and why, as the order records it. */
  readonly action: SupportAction | undefined;
  /** From here on a request is refused. One that was made before is, too. */
  refuse(why: 'created'): void;
  /** While the order is in review. @returns the request that brings it there, if it is one. */
  pause(): SupportAction | undefined;
  /** The order in Directus says that it is in review, and who asked for that; or it can't be made to say so. */
  isInReview(isRecorded: boolean): void;
  /** After a review: a new request counts again. */
  resume(): void;
  /** Before the run closes: whoever asked hears what came of it. A run closes as cancelled only if Temporal knows, too. */
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

/** The button of the Temporal UI: it tells nothing of who pressed it. */
function requestOfTemporal(): SupportAction {
  return {
    id: workflowInfo().runId,
    at: new Date().toISOString(),
    actor: 'Request Cancellation in Temporal',
    action: 'cancel',
    reason: 'Temporal does not record who asked, nor why.',
  };
}
