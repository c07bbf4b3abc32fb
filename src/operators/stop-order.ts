import { CANCEL_ORDER_UPDATE } from '../contract/updates.ts';
import type { CancelRequest } from '../contract/updates.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import type { OrderRun } from './find-run.ts';
import { OperatorError } from './operator-error.ts';
import { nameOf, sendUpdate } from './send-update.ts';
import type { Patience } from './send-update.ts';

/**
 * Asks the run of an order to cancel it, and waits for what comes of that.
 *
 * @returns what to tell whoever asked.
 * @throws {OperatorError} it was not cancelled, or not yet.
 * @throws {TemporalAccessError}
 */
export async function stopOrder(
  temporal: TemporalAccess,
  run: OrderRun,
  request: CancelRequest,
  patience: Patience,
): Promise<string> {
  const name = nameOf(run);
  if (!run.isOpen) {
    throw new OperatorError(
      'refused',
      `The order ${name} has ended (${run.stage ?? run.status}): there is nothing to stop.`,
      name,
    );
  }
  const answer = await sendUpdate<string>(temporal, run, {
    name: CANCEL_ORDER_UPDATE,
    input: request,
    what: 'request to stop the order',
    again: 'ask again',
    tooLate: `The order ${name} can no longer be stopped: its run has ended.`,
    patience,
  });
  return `Done: ${answer}`;
}
