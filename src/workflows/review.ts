import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineUpdate,
  log,
  metricMeter,
  setHandler,
} from '@temporalio/workflow';
import { count } from '../domain/metrics.ts';
import {
  DECISION_REFUSED,
  RESOLVE_REVIEW_UPDATE,
  faultsOfReviewDecision,
  withoutBlanksAtEnds,
} from '../domain/review-decision.ts';
import type { ReviewDecision } from '../domain/review-decision.ts';

const resolveReview = defineUpdate<void, [ReviewDecision]>(RESOLVE_REVIEW_UPDATE);

/** One order in review: what is to be done about a decision, and what when none comes. */
interface Case<Outcome> {
  /** Carries a decision out, or refuses it ({@link refuseDecision}): the review then goes on. */
  carryOut(decision: ReviewDecision): Promise<Outcome>;
  windowMs: number;
  /** The window has passed; the review still waits. */
  onOverdue(): void;
}

export interface Review<Outcome> {
  /** Waits until a decision of support staff has been carried out, for as long as it takes. */
  outcome(reviewed: Case<Outcome>): Promise<Outcome>;
}

/** @param reason tells support staff why the decision can't be taken, and what they can do. */
export function refuseDecision(reason: string): never {
  const refusal = ApplicationFailure.nonRetryable(reason, DECISION_REFUSED);
  // Whoever decides gets to see all of it.
  refusal.stack = '';
  throw refusal;
}

/**
 * Takes decisions while, and only while, an order is in review. Whoever decides gets the answer when the decision has
 * been carried out, or why it can't be.
 */
export function openReview<Outcome>(): Review<Outcome> {
  let current: Case<Outcome> | undefined;
  let isDeciding = false;
  let decided: { outcome: Outcome } | undefined;

  setHandler(
    resolveReview,
    async (decision) => {
      isDeciding = true;
      try {
        if (!current) return;
        decided = { outcome: await current.carryOut(withoutBlanksAtEnds(decision)) };
        count(metricMeter, 'reviewsDecided', { decision: decision.decision });
      } finally {
        isDeciding = false;
      }
    },
    {
      validator: (decision) => {
        if (!current || decided) refuseDecision('The order is not in review, there is nothing to decide.');
        if (isDeciding) refuseDecision('Another decision is being carried out. Look again in a minute.');
        const faults = faultsOfReviewDecision(decision);
        if (faults.length > 0) refuseDecision(faults.join(' '));
      },
    },
  );

  return {
    async outcome(reviewed) {
      current = reviewed;
      const isDecided = () => decided !== undefined;
      if (!(await condition(isDecided, reviewed.windowMs))) {
        reviewed.onOverdue();
        reportOverdue();
        await condition(isDecided);
      }
      // Whoever decided hears of it before the run goes on, and perhaps ends.
      await condition(allHandlersFinished);
      const { outcome } = decided as unknown as { outcome: Outcome };
      current = undefined;
      decided = undefined;
      return outcome;
    },
  };
}

function reportOverdue(): void {
  log.warn('review overdue');
  count(metricMeter, 'reviewsOverdue', {});
}
