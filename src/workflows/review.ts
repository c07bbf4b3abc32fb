import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { faultsOfReviewDecision } from '../domain/review-decision.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';

const resolveReview = defineUpdate<void, [ReviewDecision]>('resolveReview');

export interface Review {
  /** Waits until support staff decide, for as long as it takes. */
  decision(): Promise<ReviewDecision>;
}

/** Takes decisions while, and only while, the order is in review. */
export function openReview(): Review {
  let isWaiting = false;
  let decided: ReviewDecision | undefined;

  setHandler(
    resolveReview,
    (decision) => {
      decided = decision;
    },
    {
      validator: (decision) => {
        if (!isWaiting) refuse('The order is not in review, there is nothing to decide.');
        if (decided) refuse('Somebody has decided already.');
        const wrong = faultsOfReviewDecision(decision);
        if (wrong.length > 0) {
          refuse(
            `Check ${wrong.join(', ')}: a decision is "retry", "link" (with ridendine_order_id and payment_session_id) ` +
              'or "abandon", with "actor" and "reason".',
          );
        }
      },
    },
  );

  return {
    async decision() {
      isWaiting = true;
      await condition(() => decided !== undefined);
      isWaiting = false;
      const decision = decided as unknown as ReviewDecision;
      decided = undefined;
      return decision;
    },
  };
}

function refuse(reason: string): never {
  throw ApplicationFailure.nonRetryable(reason, 'DecisionRefused');
}
