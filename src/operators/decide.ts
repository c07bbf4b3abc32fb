import { RESOLVE_REVIEW_UPDATE } from '../contract/updates.ts';
import type { ReviewDecision } from '../contract/updates.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import type { OrderRun } from './find-run.ts';
import { OperatorError } from './operator-error.ts';
import { nameOf, sendUpdate } from './send-update.ts';
import type { Patience } from './send-update.ts';

/** How long a person at a terminal waits. */
const atTerminal: Patience = {
  /** A worker takes a decision within milliseconds; one that has just started reads the run's history first. */
  acceptedWithinMs: 15_000,
  /** Directus may take two minutes for it; then the run refuses it. */
  carriedOutWithinMs: 150_000,
};

/**
 * Sends a decision about an order in review, and waits until it was carried out.
 *
 * @throws {OperatorError} it was not, or not yet.
 * @throws {TemporalAccessError}
 */
export async function decide(
  temporal: TemporalAccess,
  run: OrderRun,
  decision: ReviewDecision,
  patience: Patience = atTerminal,
): Promise<void> {
  const name = nameOf(run);
  if (!run.isOpen || run.stage !== 'NEEDS_REVIEW') {
    throw new OperatorError(
      'refused',
      `The order ${name} is not in review (${run.stage ?? run.status}): there is nothing to decide.`,
      name,
    );
  }
  await sendUpdate<void>(temporal, run, {
    name: RESOLVE_REVIEW_UPDATE,
    input: decision,
    what: 'decision',
    again: 'decide again',
    tooLate: `The order ${name} is no longer in review: its run has ended.`,
    patience,
  });
}

/** What came of a decision that was carried out. */
export function outcomeOf(run: OrderRun, decision: ReviewDecision): string {
  const name = nameOf(run);
  switch (decision.decision) {
    case 'retry':
      return `Done: the order ${name} goes on, and RideNDine is asked once more.`;
    case 'link':
      return `Done: the order ${name} is linked to the RideNDine order ${decision.ridendine_order_id}.`;
    case 'abandon':
      return `Done: the order ${name} is abandoned. It is FAILED for good in Directus, and its quote is free.`;
  }
}
