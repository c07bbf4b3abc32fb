import {
  ActivityFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  currentUpdateInfo,
  defineUpdate,
  log,
  metricMeter,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { MarkResult, OrderMark, OrderRecord } from '../activities/order-creation-activities.ts';
import { count } from '../telemetry/metrics.ts';
import type { LinkIds } from '../domain/order.ts';
import { RESOLVE_REVIEW_UPDATE, faultsOfReviewDecision, withoutBlanksAtEnds } from '../contract/updates.ts';
import type { ReviewDecision } from '../contract/updates.ts';
import type { Cancellation } from './cancellation.ts';
import { refuseDecision, supportAction } from './decisions.ts';
import type { DirectusSteps } from './directus-steps.ts';
import { DECISION_MS, MARK_ATTEMPT } from './policies.ts';
import type { RunStatus } from './status.ts';
import { readStepFailure, reasonFields, runFailure } from './step-failure.ts';
import type { StepFailure } from './step-failure.ts';

const resolveReview = defineUpdate<void, [ReviewDecision]>(RESOLVE_REVIEW_UPDATE);

/** A decision of support staff after which the order goes on. */
export type DecisionResult =
  /** Support staff found the ids at RideNDine, and the ids are saved on the order. */
  | { decision: 'link'; link: LinkIds }
  /** Support staff want another try. `link`: the ids that the order has in Directus by now, if any. */
  | { decision: 'retry'; link: LinkIds | null };

export interface Review {
  /**
   * Puts the order in review and waits, without a time limit, until a decision has been carried out.
   *
   * @throws ApplicationFailure `OrderNeedsReview` if support staff abandoned the order.
   */
  decide(order: OrderRecord, failure: StepFailure): Promise<DecisionResult>;
}

const abandoned: StepFailure = {
  code: 'OrderNeedsReview',
  reason: 'Support staff abandoned the order.',
  details: {},
};

const NOT_OURS =
  'The order is missing in Directus, or has a status there that this decision may not change. Settle that first.';

const NOT_IN_REVIEW_YET =
  'Directus has not stored yet that the order is in review; *Pending Activities* says why. Nothing was decided. Decide again once Directus works.';

/** Follows the reason of the failure in the same message. */
const NOT_TAKEN =
  'Directus did not confirm the decision within two minutes. Once Directus works, the order goes back into review. Decide again then.';

/** The same for `link`: the ids are written before the status, so they may be saved although the decision failed. */
const LINK_NOT_TAKEN = `${NOT_TAKEN} The ids may be saved: look at the order first.`;

/** For an order that had ended: its quote became free, and another order took the quote. */
const QUOTE_TAKEN =
  'Another live order was made from the same quote. Abandon this one, once RideNDine has cancelled it if they have it; or have an administrator of Directus end the other, and send this decision again.';

/**
 * Takes decisions only while the order is in review. The operator gets an answer when the decision has been carried
 * out, or a refusal with the reason.
 */
export function openReview(run: { status: RunStatus; directus: DirectusSteps; cancellation: Cancellation }): Review {
  const { status, directus, cancellation } = run;
  let carryOut: ((decision: ReviewDecision) => Promise<DecisionResult | 'abandoned'>) | undefined;
  let isDeciding = false;
  let decided: DecisionResult | 'abandoned' | undefined;

  setHandler(
    resolveReview,
    async (decision) => {
      isDeciding = true;
      try {
        decided = await carryOut?.(withoutBlanksAtEnds(decision));
        count(metricMeter, 'reviewsDecided', { decision: decision.decision });
      } finally {
        isDeciding = false;
      }
    },
    {
      validator: (decision) => {
        if (!carryOut || decided) refuseDecision('The order is not in review, there is nothing to decide.');
        if (isDeciding) refuseDecision('Another decision is being carried out. Look again in a minute.');
        const faults = faultsOfReviewDecision(decision);
        if (faults.length > 0) refuseDecision(faults.join(' '));
      },
    },
  );

  return {
    async decide({ order_id, review_window_ms }, why) {
      const action = cancellation.pause();
      const failure = action ? { ...why, reason: withCancellation(why.reason) } : why;
      // Support staff see the review in Temporal at once, even while Directus does not answer.
      status.enter('NEEDS_REVIEW', {}, failure);
      let isMarked = false;
      const putInReview = async (mark: Partial<OrderMark>) => {
        while (!isMarked) {
          try {
            const review = { order_id, status: 'NEEDS_REVIEW', ...reasonFields(failure), ...mark } as const;
            const { kind } = await directus.markOrder(review);
            isMarked = true;
            cancellation.isInReview(kind === 'marked');
          } catch (error) {
            if (!(error instanceof ActivityFailure)) throw error;
            // An operator failed the activity by hand. Nothing awaits this promise, so the write is tried again here.
            await sleep(MARK_ATTEMPT);
          }
        }
      };
      const putBack = async () => {
        isMarked = false;
        // The last attempt at the decision may still write to Directus: Temporal does not wait for its end.
        await sleep(MARK_ATTEMPT);
        await putInReview({ retake_quote: true });
      };
      void putInReview(action ? { support_action: action } : {});
      const decideOnce = async (decision: ReviewDecision) => {
        const until = Date.now() + DECISION_MS;
        const leftMs = () => Math.max(1, until - Date.now());
        if (!isMarked && !(await condition(() => isMarked, leftMs()))) refuseDecision(NOT_IN_REVIEW_YET);
        try {
          return await carryOutDecision(directus, order_id, decision, { failure, leftMs });
        } catch (error) {
          if (!(error instanceof ActivityFailure)) throw error;
          // Directus may have stored a status all the same. The next decision waits until the order is back in review.
          void putBack();
          const { reason } = readStepFailure(error, 'DirectusUnavailable');
          return refuseDecision(`${reason} ${decision.decision === 'link' ? LINK_NOT_TAKEN : NOT_TAKEN}`);
        }
      };
      // Temporal's own request to cancel changes nothing in review.
      carryOut = (decision) => CancellationScope.nonCancellable(() => decideOnce(decision));
      const isDecided = () => decided !== undefined;
      if (!(await condition(isDecided, review_window_ms))) {
        status.reviewIsOverdue();
        log.warn('review overdue');
        count(metricMeter, 'reviewsOverdue', {});
        await condition(isDecided);
      }
      // The operator must get the answer before the run goes on, because the run may end then.
      await condition(allHandlersFinished);
      const outcome = decided as unknown as DecisionResult | 'abandoned';
      carryOut = undefined;
      decided = undefined;
      if (outcome !== 'abandoned') {
        cancellation.resume();
        return outcome;
      }
      status.enter('FAILED', {}, abandoned);
      throw runFailure(abandoned);
    },
  };
}

async function carryOutDecision(
  directus: DirectusSteps,
  orderId: string,
  decision: ReviewDecision,
  { failure, leftMs }: { failure: StepFailure; leftMs: () => number },
): Promise<DecisionResult | 'abandoned'> {
  const support_action = supportAction(decision.decision, decision, currentUpdateInfo()?.id);
  const mark = (
    status: OrderMark['status'],
    reason: StepFailure | undefined,
    told: Pick<OrderMark, 'support_action' | 'recorded_anyway'> = {},
  ) => directus.markOrder({ order_id: orderId, status, ...reasonFields(reason), ...told }, leftMs());
  switch (decision.decision) {
    case 'abandon': {
      const marked = await mark('FAILED', abandoned, { support_action });
      // `missing` counts as abandoned: an order that Directus does not have needs no mark.
      return marked.kind === 'left' ? refuseDecision(NOT_OURS) : 'abandoned';
    }
    case 'retry': {
      const marked = await mark('PENDING_PAYMENT', undefined, { support_action });
      if (marked.kind !== 'marked') return refuseDecision(isQuoteTaken(marked) ? QUOTE_TAKEN : NOT_OURS);
      return { decision: 'retry', link: marked.link };
    }
    case 'link': {
      const { ridendine_order_id, payment_session_id, ids_checked = false } = decision;
      const link = { ridendine_order_id, payment_session_id };
      // If the order is missing, saving its ids would be tried in vain until the time for the decision is over.
      const marked = await mark('NEEDS_REVIEW', failure);
      if (marked.kind === 'missing') refuseDecision(NOT_OURS);
      await directus.saveLinkIds(orderId, link, { ids_checked, triedFor: leftMs() }).catch((error: unknown) => {
        const { code, reason } = readStepFailure(error, 'DirectusUnavailable');
        if (code === 'LinkConflict') refuseDecision(reason);
        throw error;
      });
      // If a later phase has the order already, its status stays, and the decision only ends the review.
      const live = await mark('PENDING_PAYMENT', undefined, { support_action, recorded_anyway: true });
      if (isQuoteTaken(live)) refuseDecision(`The ids are saved. ${QUOTE_TAKEN}`);
      return { decision: 'link', link };
    }
  }
}

function isQuoteTaken(result: MarkResult): boolean {
  return result.kind === 'left' && result.quote_taken === true;
}

const CANCELLATION = 'Somebody asked to cancel the order.';

/** Adds the sentence at most once: the reason of an earlier run may begin with it already. */
function withCancellation(reason: string): string {
  return reason.startsWith(CANCELLATION) ? reason : `${CANCELLATION} ${reason}`;
}
