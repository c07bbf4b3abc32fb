import { ActivityFailure, CancellationScope, condition, currentUpdateInfo } from '@temporalio/workflow';
import type { MarkOutcome, OrderRecord } from '../activities/order-creation-activities.ts';
import type { LinkIds } from '../domain/order.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { DECISION_TIME } from './activity-options.ts';
import type { Cancellation } from './cancellation.ts';
import type { TakeDirectusStep } from './directus-steps.ts';
import { readStepFailure, runFailure } from './failures.ts';
import type { StepFailure } from './failures.ts';
import { saveLinkIds } from './link.ts';
import { markAs } from './order-marks.ts';
import type { Progress } from './progress.ts';
import { openReview, refuseDecision } from './review.ts';
import { supportAction } from './support-actions.ts';

/** What support staff decided about an order that is to go on. */
export type GoOn =
  /** They found its ids, which are saved. */
  | { kind: 'linked'; link: LinkIds }
  /** To try again. `stored`: the ids that the order has in Directus by now. */
  | { kind: 'retry'; stored: LinkIds | null };

export interface Support {
  /**
   * Puts the order in review and waits until a decision has been carried out.
   *
   * @throws ApplicationFailure `OrderNeedsReview` if it was to abandon the order.
   */
  ask(order: OrderRecord, failure: StepFailure): Promise<GoOn>;
}

const abandoned: StepFailure = {
  code: 'OrderNeedsReview',
  reason: 'Support staff abandoned the order.',
  details: [],
};

const NOT_OURS =
  'The order is missing in Directus, or has a status there that this decision may not change. Settle that first.';

const NOT_IN_REVIEW_YET =
  'Directus does not take it yet that the order is in review: *Pending Activities* says why. Nothing is decided: once that is mended, decide again.';

/** Behind the reason. */
const NOT_TAKEN =
  'Directus did not take the decision for two minutes. The order is still in review: once that is mended, decide again.';

/** Of an order that has ended once, and whose quote was free then. */
const QUOTE_TAKEN =
  'Another live order was made from the same quote. Abandon this one, once RideNDine has cancelled it if they have it; or have an administrator of Directus end the other, and send this decision again.';

export function startSupport(progress: Progress, directus: TakeDirectusStep, cancellation: Cancellation): Support {
  const review = openReview<GoOn | { kind: 'abandoned' }>();
  return {
    async ask(order, why) {
      const action = cancellation.pause();
      const failure = action ? { ...why, reason: `Somebody asked to cancel the order. ${why.reason}` } : why;
      // They see the order at once, even while Directus can't be told.
      progress.enter('NEEDS_REVIEW', {}, failure);
      let isMarked = false;
      const putInReview = async (by?: SupportAction) => {
        isMarked = false;
        await markAs(order.order_id, 'NEEDS_REVIEW', { failure, ...(by && { action: by }) });
        isMarked = true;
      };
      void putInReview(action);
      const decide = async (decision: ReviewDecision) => {
        if (!isMarked && !(await condition(() => isMarked, DECISION_TIME))) refuseDecision(NOT_IN_REVIEW_YET);
        try {
          return await carryOut(directus, order.order_id, decision, failure);
        } catch (error) {
          if (!(error instanceof ActivityFailure)) throw error;
          // Directus may have written a status all the same, or does so late. The order is put back, and no decision is
          // carried out before it is.
          void putInReview();
          return refuseDecision(`${readStepFailure(error, 'DirectusUnavailable').reason} ${NOT_TAKEN}`);
        }
      };
      const outcome = await review.outcome({
        // Temporal's own request to cancel changes nothing in review.
        carryOut: (decision) => CancellationScope.nonCancellable(() => decide(decision)),
        windowMs: order.review_window_ms,
        onOverdue: () => progress.reviewIsOverdue(),
      });
      if (outcome.kind !== 'abandoned') {
        cancellation.resume();
        return outcome;
      }
      progress.enter('FAILED', {}, abandoned);
      throw runFailure(abandoned);
    },
  };
}

async function carryOut(
  directus: TakeDirectusStep,
  orderId: string,
  decision: ReviewDecision,
  failure: StepFailure,
): Promise<GoOn | { kind: 'abandoned' }> {
  const action = supportAction(decision.decision, decision, currentUpdateInfo()?.id);
  const triedFor = DECISION_TIME;
  switch (decision.decision) {
    case 'abandon': {
      // One that is missing can't be marked, and needs not be.
      const marked = await markAs(orderId, 'FAILED', { failure: abandoned, action, triedFor });
      if (marked.kind === 'left') refuseDecision(NOT_OURS);
      return { kind: 'abandoned' };
    }
    case 'retry': {
      const marked = await markAs(orderId, 'PENDING_PAYMENT', { action, triedFor });
      if (marked.kind !== 'marked') return refuseDecision(isQuoteTaken(marked) ? QUOTE_TAKEN : NOT_OURS);
      return { kind: 'retry', stored: marked.link };
    }
    case 'link': {
      const { ridendine_order_id, payment_session_id, ids_checked = false } = decision;
      const link = { ridendine_order_id, payment_session_id };
      // Saving the ids of an order that is missing would be tried for ever.
      const found = await markAs(orderId, 'NEEDS_REVIEW', { failure, triedFor });
      if (found.kind === 'missing') refuseDecision(NOT_OURS);
      await saveLinkIds(directus, orderId, link, { ids_checked }).catch((error: unknown) => {
        const { code, reason } = readStepFailure(error, 'DirectusUnavailable');
        if (code === 'LinkConflict') refuseDecision(reason);
        throw error;
      });
      const marked = await markAs(orderId, 'PENDING_PAYMENT', { action, triedFor });
      if (isQuoteTaken(marked)) refuseDecision(`The ids are saved. ${QUOTE_TAKEN}`);
      return { kind: 'linked', link };
    }
  }
}

function isQuoteTaken(outcome: MarkOutcome): boolean {
  return outcome.kind === 'left' && outcome.quote_taken === true;
}
