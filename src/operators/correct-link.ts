import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { reasonOf } from '../domain/failure-details.ts';
import { LINK_CORRECTION_WORKFLOW } from '../contract/correction.ts';
import type { LinkCorrection, LinkCorrectionResult } from '../contract/correction.ts';
import {
  ORDER_CREATION_TASK_QUEUE,
  REQUEST_FINGERPRINT_MEMO,
  idempotencyKeyIn,
  searchAttributes,
} from '../contract/runs.ts';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { answered } from './answered.ts';
import { findRunIfKnown, unknownOrder, workflowIdOf } from './find-run.ts';
import { OperatorError } from './operator-error.ts';

/** It reads and writes at Directus, each with a failure or two. */
const PATIENCE_MS = 60_000;

/**
 * Gives a linked order other ids of RideNDine. Where Temporal knows the order no more, Directus has all that it takes.
 *
 * @param id of any kind while Temporal knows the order, else its idempotency key.
 *
 * @returns what to tell whoever asked.
 * @throws {OperatorError} it was not, or not yet: `message` says why.
 * @throws {TemporalAccessError}
 */
export async function correctLink(
  temporal: TemporalAccess,
  id: string,
  correction: Omit<LinkCorrection, 'idempotency_key'>,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const run = await findRunIfKnown(temporal, id);
  const workflowId = run?.workflowId ?? workflowIdOf(id);
  if (workflowId === undefined) throw unknownOrder(temporal, id);
  const fingerprint = run?.memo?.[REQUEST_FINGERPRINT_MEMO];
  const name = run?.orderId ?? workflowId;
  if (run?.stage !== undefined && run.stage !== 'LINKED') {
    throw new OperatorError(
      'refused',
      `The order ${name} is not linked (${run.stage}): there is nothing to correct.`,
      name,
    );
  }
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new OperatorError('not taken', 'No worker runs that could correct the link: start one, and try again.');
  }
  try {
    const { refusal } = await answered(
      temporal.ask(async () => {
        const handle = await temporal.client.workflow.start<(input: LinkCorrection) => Promise<LinkCorrectionResult>>(
          LINK_CORRECTION_WORKFLOW,
          {
            workflowId,
            taskQueue: ORDER_CREATION_TASK_QUEUE,
            args: [{ ...correction, idempotency_key: idempotencyKeyIn(workflowId) }],
            // Never beside another run of the order, and after one that succeeded, too.
            workflowIdConflictPolicy: 'FAIL',
            workflowIdReusePolicy: 'ALLOW_DUPLICATE',
            // As the run that linked the order, so that both are found by the same ids from the start.
            ...(fingerprint !== undefined && { memo: { [REQUEST_FINGERPRINT_MEMO]: fingerprint } }),
            typedSearchAttributes: Object.values(searchAttributes).flatMap((key) => {
              const value = run?.attributes.get(key);
              return value === undefined ? [] : [{ key, value }];
            }),
            staticSummary: `Correct the RideNDine ids of order ${name}`,
          },
        );
        return await handle.result();
      }, patienceMs),
      new OperatorError(
        'under way',
        'The correction was sent, and is not carried out yet, perhaps because Directus cannot be reached: it will be.',
        name,
      ),
    );
    if (refusal !== undefined) throw new OperatorError('refused', `The link was not corrected: ${refusal}`);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      throw new OperatorError('refused', `Another run of the order ${name} goes on: wait for its end.`, name);
    }
    if (!(error instanceof WorkflowFailedError)) throw error;
    const reason =
      error.cause instanceof ApplicationFailure
        ? reasonOf(error.cause)
        : 'The run was ended before it told what came of it. Correct the link again.';
    throw new OperatorError('refused', `The link was not corrected: ${reason}`, name);
  }
  return `Done: the order ${name} is linked to the RideNDine order ${correction.ridendine_order_id}.`;
}
