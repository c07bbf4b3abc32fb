import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DECISION_REFUSED, RESOLVE_REVIEW_UPDATE } from '../../contract/updates.ts';
import type { ReviewDecision } from '../../contract/updates.ts';
import { countOrderWorkers } from '../../temporal/order-workers.ts';
import { TemporalAccessError } from '../../temporal/temporal-access.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import type { OrderRun } from './order-runs.ts';
import { CommandError } from '../command.ts';

/** How long a person waits. */
const patience = {
  /** A worker takes a decision within milliseconds; one that has just started reads the run's history first. */
  acceptedWithinMs: 15_000,
  /** Directus may take two minutes for it; then the run refuses it. */
  carriedOutWithinMs: 150_000,
};

/**
 * Sends a decision about an order in review, and waits until it was carried out.
 *
 * @throws {CommandError} it was not, or not yet: `message` says why.
 * @throws {TemporalAccessError}
 */
export async function decide(
  temporal: TemporalAccess,
  run: OrderRun,
  decision: ReviewDecision,
  { acceptedWithinMs, carriedOutWithinMs } = patience,
): Promise<void> {
  const name = run.orderId ?? run.workflowId;
  if (!run.isOpen || run.stage !== 'NEEDS_REVIEW') {
    throw new CommandError(
      `The order ${name} is not in review (${run.stage ?? run.status}): there is nothing to decide. ${lookAgain(name)}`,
    );
  }
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new CommandError('No worker runs that could carry the decision out: start one, and decide again.');
  }
  const handle = temporal.client.workflow.getHandle(run.workflowId, run.runId);
  // The same decision if the request is made again.
  const updateId = randomUUID();
  try {
    const update = await answered(
      temporal.ask(
        () =>
          handle.startUpdate<void, [ReviewDecision]>(RESOLVE_REVIEW_UPDATE, {
            args: [decision],
            updateId,
            waitForStage: 'ACCEPTED',
          }),
        acceptedWithinMs,
      ),
      `No worker has taken the decision; one that comes back soon may still do so. ${lookAgain(name)}`,
    );
    await answered(
      temporal.ask(() => update.result(), carriedOutWithinMs),
      `The decision was taken, and is not carried out yet, perhaps because Directus cannot be reached. ${lookAgain(name)}`,
    );
  } catch (error) {
    if (error instanceof TemporalAccessError && error.trouble === 'not our keys') {
      throw new CommandError(
        `The decision was sent, and may have been carried out: what came of it cannot be read. ${error.message} ${lookAgain(name)}`,
      );
    }
    if (error instanceof WorkflowNotFoundError) {
      throw new CommandError(`The order ${name} is no longer in review: its run has ended. ${lookAgain(name)}`);
    }
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    const { cause } = error;
    const isRefusal = cause instanceof ApplicationFailure && cause.type === DECISION_REFUSED;
    throw new CommandError(
      isRefusal
        ? `The decision was refused: ${cause.message}`
        : `The run of the order ${name} ended before the decision was carried out. ${lookAgain(name)}`,
    );
  }
}

/** What came of a decision that was carried out. */
export function outcomeOf(run: OrderRun, decision: ReviewDecision): string {
  const name = run.orderId ?? run.workflowId;
  switch (decision.decision) {
    case 'retry':
      return `Done: the order ${name} goes on, and RideNDine is asked once more. ${lookAgain(name)}`;
    case 'link':
      return `Done: the order ${name} is linked to the RideNDine order ${decision.ridendine_order_id}.`;
    case 'abandon':
      return `Done: the order ${name} is abandoned. It is FAILED for good in Directus, and its quote is free.`;
  }
}

export function lookAgain(id: string): string {
  return `See: npm run review -- show ${id}`;
}

/** @param otherwise what to say where Temporal gives no answer: what was sent may have arrived all the same. */
export async function answered<Result>(asked: Promise<Result>, otherwise: string): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    const isSilent =
      error instanceof TemporalAccessError && ['no answer in time', 'unreachable'].includes(error.trouble);
    throw isSilent ? new CommandError(otherwise) : error;
  }
}
