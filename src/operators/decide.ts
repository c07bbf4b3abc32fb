import { CANCEL_ORDER_UPDATE, RESOLVE_REVIEW_UPDATE } from '../contract/updates.ts';
import type { ReviewDecision, WhoAndWhy } from '../contract/updates.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import type { OrderRun } from './find-run.ts';
import { nameOf, sendUpdate } from './send-update.ts';
import { Submission } from './submission.ts';
import { whatFits } from './what-fits.ts';

/**
 * Sends a decision about an order in review, and waits until the run has carried it out.
 *
 * @returns the outcome, as a sentence for the operator.
 * @throws {OperatorError} the decision was not carried out, or its outcome is not known yet.
 * @throws {TemporalAccessError}
 */
export async function decide(
  temporal: TemporalAccess,
  run: OrderRun,
  decision: ReviewDecision,
  submission = new Submission(),
): Promise<string> {
  const name = nameOf(run);
  const isInReview = run.isOpen && run.stage === 'NEEDS_REVIEW';
  await sendUpdate<void>(temporal, run, {
    name: RESOLVE_REVIEW_UPDATE,
    input: decision,
    what: 'decision',
    again: 'decide again',
    misfit: isInReview
      ? undefined
      : `The order ${name} is not in review (${run.stage ?? run.status}): there is nothing to decide. ${whatFits(run)}`,
    tooLate: `The order ${name} is no longer in review: its run has ended.`,
    submission,
  });
  return outcomeOf(name, decision);
}

/** As {@link decide}, but asks the run to cancel the order. */
export async function cancelOrder(
  temporal: TemporalAccess,
  run: OrderRun,
  request: WhoAndWhy,
  submission: Submission,
): Promise<string> {
  const name = nameOf(run);
  let misfit: string | undefined;
  if (!run.isOpen) misfit = `The order ${name} has ended (${run.stage ?? run.status}): there is nothing to cancel.`;
  else if (run.stage === 'NEEDS_REVIEW') misfit = `The order ${name} cannot be cancelled now.`;
  const answer = await sendUpdate<string>(temporal, run, {
    name: CANCEL_ORDER_UPDATE,
    input: request,
    what: 'cancellation',
    again: 'ask again',
    misfit: misfit && `${misfit} ${whatFits(run)}`,
    tooLate: `The order ${name} can no longer be cancelled: its run has ended.`,
    submission,
  });
  return `Done: ${answer}`;
}

function outcomeOf(name: string, decision: ReviewDecision): string {
  switch (decision.decision) {
    case 'retry':
      return `Done: the order ${name} goes on, and RideNDine is asked once more.`;
    case 'link':
      return `Done: the order ${name} is linked to the RideNDine order ${decision.ridendine_order_id}.`;
    case 'abandon':
      return `Done: the order ${name} is abandoned. It is FAILED for good in Directus, and its quote is free.`;
  }
}
