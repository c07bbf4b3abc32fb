import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DECISION_REFUSED } from '../contract/updates.ts';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import { TemporalAccessError } from '../temporal/temporal-access.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { answered } from './answered.ts';
import type { OrderRun } from './find-run.ts';
import { OperatorError } from './operator-error.ts';

/** How long whoever asked waits. */
export interface Patience {
  acceptedWithinMs: number;
  carriedOutWithinMs: number;
}

interface UpdateToSend {
  name: string;
  input: object;
  /** What it is called in a sentence: `decision`. */
  what: string;
  /** What to do once a worker runs: `decide again`. */
  again: string;
  /** Why it could not be done where the run has ended. */
  tooLate: string;
  patience: Patience;
}

/**
 * Sends an update to the run of an order, and waits until it was carried out.
 *
 * @returns its result.
 * @throws {OperatorError} it was not, or not yet.
 * @throws {TemporalAccessError}
 */
export async function sendUpdate<Result>(
  temporal: TemporalAccess,
  run: OrderRun,
  { name: updateName, input, what, again, tooLate, patience }: UpdateToSend,
): Promise<Result> {
  const name = nameOf(run);
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new OperatorError('not taken', `No worker runs that could carry the ${what} out: start one, and ${again}.`);
  }
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  // The same update if the request is made again.
  const updateId = randomUUID();
  try {
    const update = await answered(
      temporal.ask(
        () => handle.startUpdate<Result, [object]>(updateName, { args: [input], updateId, waitForStage: 'ACCEPTED' }),
        patience.acceptedWithinMs,
      ),
      new OperatorError(
        'not taken',
        `No worker has taken the ${what}; one that comes back soon may still do so.`,
        name,
      ),
    );
    return await answered(
      temporal.ask(() => update.result(), patience.carriedOutWithinMs),
      new OperatorError(
        'under way',
        `The ${what} was taken, and is not carried out yet, perhaps because Directus cannot be reached.`,
        name,
      ),
    );
  } catch (error) {
    if (error instanceof TemporalAccessError && error.trouble === 'not our keys') {
      throw new OperatorError(
        'under way',
        `The ${what} was sent, and may have been carried out: what came of it cannot be read. ${error.message}`,
        name,
      );
    }
    if (error instanceof WorkflowNotFoundError) throw new OperatorError('refused', tooLate, name);
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof ApplicationFailure && cause.type === DECISION_REFUSED) {
      throw new OperatorError('refused', `The ${what} was refused: ${cause.message}`);
    }
    throw new OperatorError('refused', `The run of the order ${name} ended before the ${what} was carried out.`, name);
  }
}

/** What people call the order. */
export function nameOf(run: OrderRun): string {
  return run.orderId ?? run.workflowId;
}
