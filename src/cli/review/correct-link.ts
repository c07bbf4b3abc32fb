import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { reasonOf } from '../../domain/failure-text.ts';
import { LINK_CORRECTION_WORKFLOW } from '../../contract/correction.ts';
import type { LinkCorrection, LinkCorrectionResult } from '../../contract/correction.ts';
import { ORDER_CREATION_TASK_QUEUE, idempotencyKeyIn } from '../../contract/runs.ts';
import { countOrderWorkers } from '../../temporal/order-workers.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { answered, lookAgain } from './decide.ts';
import type { OrderRun } from './order-runs.ts';
import { ReviewError } from './review-error.ts';

/** It reads and writes at Directus, each with a failure or two. */
const PATIENCE_MS = 60_000;

/**
 * Gives a linked order other ids of RideNDine.
 *
 * @returns what to tell whoever asked.
 * @throws {ReviewError} it was not, or not yet: `message` says why.
 * @throws {TemporalAccessError}
 */
export async function correctLink(
  temporal: TemporalAccess,
  run: OrderRun,
  correction: Omit<LinkCorrection, 'idempotency_key'>,
): Promise<string> {
  const name = run.orderId ?? run.workflowId;
  if (run.isOpen || run.stage !== 'LINKED') {
    throw new ReviewError(
      `The order ${name} is not linked (${run.stage ?? run.status}): there is nothing to correct. ${lookAgain(name)}`,
    );
  }
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new ReviewError('No worker runs that could correct the link: start one, and try again.');
  }
  try {
    const { refusal } = await answered(
      temporal.ask(async () => {
        const handle = await temporal.client.workflow.start<(input: LinkCorrection) => Promise<LinkCorrectionResult>>(
          LINK_CORRECTION_WORKFLOW,
          {
            workflowId: run.workflowId,
            taskQueue: ORDER_CREATION_TASK_QUEUE,
            args: [{ ...correction, idempotency_key: idempotencyKeyIn(run.workflowId) }],
            // Never beside another run of the order, and after one that succeeded, too.
            workflowIdConflictPolicy: 'FAIL',
            workflowIdReusePolicy: 'ALLOW_DUPLICATE',
            staticSummary: `Correct the RideNDine ids of order ${name}`,
          },
        );
        return await handle.result();
      }, PATIENCE_MS),
      `The correction was sent, and is not carried out yet, perhaps because Directus can not be reached: it will be. ${lookAgain(name)}`,
    );
    if (refusal !== undefined) throw new ReviewError(`The link was not corrected: ${refusal}`);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new ReviewError(`Another run of the order ${name} goes on: wait for its end. ${lookAgain(name)}`);
    }
    if (!(error instanceof WorkflowFailedError)) throw error;
    const reason = error.cause instanceof ApplicationFailure ? reasonOf(error.cause) : 'The run was ended.';
    throw new ReviewError(`The link was not corrected: ${reason} ${lookAgain(name)}`);
  }
  return `Done: the order ${name} is linked to the RideNDine order ${correction.ridendine_order_id}.`;
}
