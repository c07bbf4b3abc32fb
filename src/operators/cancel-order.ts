import { CANCEL_ORDER_UPDATE } from '../contract/updates.ts';
import type { WhoAndWhy } from '../contract/updates.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import type { OrderRun } from './find-run.ts';
import { nameOf, sendUpdate } from './send-update.ts';
import type { Submission } from './submission.ts';
import { whatFits } from './what-fits.ts';

/**
 * Asks the run of an order to cancel the order, and waits for the outcome.
 *
 * @returns the outcome, as a sentence for the operator.
 * @throws {OperatorError} the order was not cancelled, or the outcome is not known yet.
 * @throws {TemporalAccessError}
 */
export async function cancelOrder(
  temporal: TemporalAccess,
  run: OrderRun,
  request: WhoAndWhy,
  submission: Submission,
): Promise<string> {
  const name = nameOf(run);
  const answer = await sendUpdate<string>(temporal, run, {
    name: CANCEL_ORDER_UPDATE,
    input: request,
    what: 'cancellation',
    again: 'ask again',
    misfit: misfitOf(run),
    tooLate: `The order ${name} can no longer be cancelled: its run has ended.`,
    submission,
  });
  return `Done: ${answer}`;
}

function misfitOf(run: OrderRun): string | undefined {
  const name = nameOf(run);
  if (!run.isOpen) {
    return `The order ${name} has ended (${run.stage ?? run.status}): there is nothing to cancel. ${whatFits(run)}`;
  }
  if (run.stage === 'NEEDS_REVIEW') return `The order ${name} cannot be cancelled now. ${whatFits(run)}`;
  return undefined;
}
