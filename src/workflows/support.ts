import { CancellationScope, currentUpdateInfo } from '@temporalio/workflow';
import type { MarkOutcome, OrderRecord } from '../activities/order-creation-activities.ts';
import type { LinkIds } from '../domain/order.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';
import type { Cancellation } from './cancellation.ts';
import type { TakeDirectusStep } from './directus-steps.ts';
import { readStepFailure, runFailure } from './step-failure.ts';
import type { StepFailure } from './step-failure.ts';
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

/** Of an order that has ended once, and whose quote was free then. */
const QUOTE_TAKEN =
  'Another live order was made from the same quote. Abandon this one, once RideNDine has cancelled it if they have it; or have an administrator of Directus end the other, and send this decision again.';

export function startSupport(progress: Progress, directus: TakeDirectusStep, cancellation: Cancellation): Support {
  const review = openReview<GoOn | { kind: 'abandoned' }>();
  return {
    async ask(order, failure) {
      const action = cancellation.pause();
      // They see the order at once, even while Directus can't be told.
      progress.enter('NEEDS_REVIEW', {}, failure);
      const marked = markAs(order.order_id, 'NEEDS_REVIEW', { failure, ...(action && { action }) });
      const outcome = await review.outcome({
        carryOut: async (decision) => {
          await marked;
          return await carryOut(directus, order.order_id, decision, failure);
        },
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
  switch (decision.decision) {
    case 'abandon': {
      // One that is missing can't be marked, and needs not be.
      if ((await markAs(orderId, 'FAILED', { failure: abandoned, action })).kind === 'left') refuseDecision(NOT_OURS);
      return { kind: 'abandoned' };
    }
    case 'retry': {
      const marked = await markAs(orderId, 'PENDING_PAYMENT', { action });
      if (marked.kind !== 'marked') return refuseDecision(isQuoteTaken(marked) ? QUOTE_TAKEN : NOT_OURS);
      return { kind: 'retry', stored: marked.link };
    }
    case 'link': {
      const { ridendine_order_id, payment_session_id, ids_checked = false } = decision;
      const link = { ridendine_order_id, payment_session_id };
      // Saving the ids of an order that is missing would be tried for ever.
      if ((await markAs(orderId, 'NEEDS_REVIEW', { failure })).kind === 'missing') refuseDecision(NOT_OURS);
      await CancellationScope.nonCancellable(() => saveLinkIds(directus, orderId, link, { ids_checked })).catch(
        (error: unknown) => refuseDecision(readStepFailure(error, 'LinkConflict').reason),
      );
      const marked = await markAs(orderId, 'PENDING_PAYMENT', { action });
      if (isQuoteTaken(marked)) refuseDecision(`The ids are saved. ${QUOTE_TAKEN}`);
      return { kind: 'linked', link };
    }
  }
}

function isQuoteTaken(outcome: MarkOutcome): boolean {
  return outcome.kind === 'left' && outcome.quote_taken === true;
}
