import type { OrderRun } from './find-run.ts';

/** Tells an operator whose decision does not fit the order which decisions do. */
export function whatFits({ isOpen, stage }: Pick<OrderRun, 'isOpen' | 'stage'>): string {
  if (isOpen && stage === 'NEEDS_REVIEW') {
    return 'It is in review: ask RideNDine again (retry), link it, or give it up (abandon).';
  }
  if (isOpen && stage === 'SAVING_LINK') return 'Its ids are being saved: there is nothing to decide.';
  if (isOpen) return 'It can be cancelled.';
  if (stage === 'LINKED') return 'A wrong link can be corrected (correct-link).';
  if (stage === 'FAILED') return "It has failed: the order's page says what the customer can do.";
  if (stage === 'CANCELLED') return 'It is cancelled: a customer who still wants it opens the checkout again.';
  return 'Its run has ended: there is nothing to decide.';
}
