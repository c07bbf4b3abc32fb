import { CancellationScope } from '@temporalio/workflow';
import type { OrderRecord } from '../activities/order-creation-activities.ts';
import type { LinkIds } from '../domain/order.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';
import { readStepFailure, runFailure } from './failures.ts';
import type { StepFailure } from './failures.ts';
import { saveLinkIds } from './link.ts';
import { markAs } from './order-marks.ts';
import type { Progress } from './progress.ts';
import { openReview, refuseDecision } from './review.ts';

/** What support staff decided about an order that is to go on: the ids that they found, or to try again. */
export type GoOn = LinkIds | 'retry';

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

export function startSupport(progress: Progress): Support {
  const review = openReview<GoOn | 'abandon'>();
  return {
    async ask(order, failure) {
      // They see the order at once, even while Directus can't be told.
      progress.enter('NEEDS_REVIEW', {}, failure);
      const marked = markAs(order.order_id, 'NEEDS_REVIEW', failure);
      const outcome = await review.outcome({
        carryOut: async (decision) => {
          await marked;
          return await carryOut(order.order_id, decision);
        },
        windowMs: order.review_window_ms,
        onOverdue: () => progress.reviewIsOverdue(),
      });
      if (outcome !== 'abandon') return outcome;
      progress.enter('FAILED', {}, abandoned);
      throw runFailure(abandoned);
    },
  };
}

async function carryOut(orderId: string, decision: ReviewDecision): Promise<GoOn | 'abandon'> {
  switch (decision.decision) {
    case 'abandon':
      // One that is missing can't be marked, and needs not be.
      if ((await markAs(orderId, 'FAILED', abandoned)) === 'left') refuseDecision(NOT_OURS);
      return 'abandon';
    case 'retry':
      if ((await markAs(orderId, 'PENDING_PAYMENT')) !== 'marked') refuseDecision(NOT_OURS);
      return 'retry';
    case 'link': {
      const { ridendine_order_id, payment_session_id } = decision;
      const link = { ridendine_order_id, payment_session_id };
      await CancellationScope.nonCancellable(() => saveLinkIds({ order_id: orderId, link })).catch((error: unknown) =>
        refuseDecision(readStepFailure(error, 'LinkConflict').reason),
      );
      await markAs(orderId, 'PENDING_PAYMENT');
      return link;
    }
  }
}
