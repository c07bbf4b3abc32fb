import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { reasonOf } from '../domain/failure-details.ts';
import { CORRECTION_MEMO, LINK_CORRECTION_WORKFLOW } from '../contract/correction.ts';
import type { LinkCorrection, LinkCorrectionResult } from '../contract/correction.ts';
import {
  ORDER_CREATION_TASK_QUEUE,
  REQUEST_FINGERPRINT_MEMO,
  idempotencyKeyIn,
  searchAttributes,
} from '../contract/runs.ts';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { ifFound } from '../temporal/temporal-failures.ts';
import { answered, readable } from './answered.ts';
import type { OrderRunDetails } from './find-run.ts';
import { OperatorError } from './operator-error.ts';
import { sentId } from './send-update.ts';
import { Submission } from './submission.ts';
import { whatFits } from './what-fits.ts';

type Correct = (input: LinkCorrection) => Promise<LinkCorrectionResult>;

/**
 * Replaces the RideNDine ids of a linked order. The correction needs only the record in Directus, so Temporal may have
 * forgotten the order. If the order's latest run is the same correction, sent with the same `submission.id`, no run is
 * started: the outcome is that of the first.
 *
 * @param order its `run` is the order's deciding run (`DECIDING_RUNS`), if Temporal knows one.
 * @returns the outcome, as a sentence for the operator.
 * @throws {OperatorError} the link was not corrected, or the outcome is not known yet.
 * @throws {TemporalAccessError} Temporal could not be asked; nothing was sent.
 */
export async function correctLink(
  temporal: TemporalAccess,
  { workflowId, run }: { workflowId: string; run: OrderRunDetails | undefined },
  correction: Omit<LinkCorrection, 'idempotency_key'>,
  submission = new Submission(),
): Promise<string> {
  const name = run?.orderId ?? workflowId;
  const correctionId = submission.id === undefined ? undefined : sentId(submission.id, [workflowId, correction]);
  const sentBefore = correctionId && (await findCorrection(temporal, workflowId, correctionId));
  if (!sentBefore && run?.stage !== undefined && run.stage !== 'LINKED') {
    const misfit = `The order ${name} is not linked (${run.stage}): there is nothing to correct. ${whatFits(run)}`;
    throw new OperatorError('refused', misfit, name);
  }
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new OperatorError('not sent', 'No worker runs that could correct the link: start one, and try again.');
  }
  const { acceptedWithinMs, carriedOutWithinMs } = submission.patience;
  const underWay = new OperatorError(
    'under way',
    'The correction was sent, and is not carried out yet, perhaps because Directus cannot be reached: it will be.',
    name,
  );
  const fingerprint = run?.memo?.[REQUEST_FINGERPRINT_MEMO];
  const start = () =>
    temporal.client.workflow.start<Correct>(LINK_CORRECTION_WORKFLOW, {
      workflowId,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [{ ...correction, idempotency_key: idempotencyKeyIn(workflowId) }],
      // Temporal refuses the correction while another run of the order is open, and takes it after one that succeeded.
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      memo: {
        // Memo and search attributes are those of the run that linked the order: the same ids find both from the start.
        ...(fingerprint !== undefined && { [REQUEST_FINGERPRINT_MEMO]: fingerprint }),
        ...(correctionId !== undefined && { [CORRECTION_MEMO]: correctionId }),
      },
      typedSearchAttributes: Object.values(searchAttributes).flatMap((key) => {
        const value = run?.attributes.get(key);
        return value === undefined ? [] : [{ key, value }];
      }),
      staticSummary: `Correct the RideNDine ids of order ${name}`,
    });
  submission.send();
  try {
    const handle =
      sentBefore ||
      (await answered(
        temporal.ask(start, acceptedWithinMs),
        new OperatorError('unanswered', 'Temporal has not answered: the correction may have been begun.', name),
      ));
    submission.take();
    const { refusal } = await readable(
      temporal.ask(() => handle.result(), carriedOutWithinMs),
      () => underWay,
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

/** The latest run of the order, if it is this very correction. */
async function findCorrection(
  { ask, client }: TemporalAccess,
  workflowId: string,
  correctionId: string,
): Promise<WorkflowHandle<Correct> | undefined> {
  const latest = await ifFound(ask(() => client.workflow.getHandle(workflowId).describe()));
  if (latest?.memo?.[CORRECTION_MEMO] !== correctionId) return undefined;
  return client.workflow.getHandle<Correct>(workflowId, latest.runId);
}
