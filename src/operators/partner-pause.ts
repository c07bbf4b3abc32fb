import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  PARTNER_PAUSE_MEMO,
  PARTNER_PAUSE_WORKFLOW,
  PARTNER_PAUSE_WORKFLOW_ID,
  RESUME_CALLS_UPDATE,
} from '../contract/partner-pause.ts';
import type { PartnerPauseEnd, PartnerPauseInput } from '../contract/partner-pause.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../contract/runs.ts';
import type { CancelRequest } from '../contract/updates.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import { findPause, pauseIn } from '../temporal/partner-pause.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { answered } from './answered.ts';
import { OperatorError } from './operator-error.ts';
import { refusalIn } from './refusal.ts';

const PAUSED_ALREADY = 'Calls to RideNDine are paused already: "status" tells by whom.';
const NOT_PAUSED = 'Calls to RideNDine are not paused.';

/** @returns `null` if calls to RideNDine are not paused. @throws {TemporalAccessError} */
export async function readPause({ ask, client, connection, settings }: TemporalAccess): Promise<PartnerPause | null> {
  const open = await ask(() => findPause(connection, settings.namespace));
  return open && (await pauseIn(open, client.options.loadedDataConverter));
}

/**
 * Pauses the calls to RideNDine. Workers notice it within `PAUSE_NOTICED_WITHIN_MS`.
 *
 * @throws {OperatorError} they are paused already, or it is not known whether they are now.
 * @throws {TemporalAccessError}
 */
export async function pauseCalls({ ask, client }: TemporalAccess, pause: PartnerPauseInput): Promise<void> {
  const start = () =>
    client.workflow.start<(input: PartnerPauseInput) => Promise<PartnerPauseEnd>>(PARTNER_PAUSE_WORKFLOW, {
      workflowId: PARTNER_PAUSE_WORKFLOW_ID,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [pause],
      memo: { [PARTNER_PAUSE_MEMO]: pause },
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: 'Calls to RideNDine are paused while this runs',
    });
  try {
    await answered(
      ask(start),
      new OperatorError('unanswered', 'Temporal has not answered: calls to RideNDine may be paused. "status" tells.'),
    );
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw new OperatorError('refused', PAUSED_ALREADY);
    throw error;
  }
}

/**
 * Ends the pause.
 *
 * @throws {OperatorError} calls are not paused, no worker runs, or it is not known whether they are resumed.
 * @throws {TemporalAccessError}
 */
export async function resumeCalls(temporal: TemporalAccess, request: CancelRequest): Promise<void> {
  const { ask, client } = temporal;
  if ((await readPause(temporal)) === null) throw new OperatorError('refused', NOT_PAUSED);
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new OperatorError('not sent', 'No worker runs that could end the pause: start one, and resume again.');
  }
  const handle = client.workflow.getHandle(PARTNER_PAUSE_WORKFLOW_ID);
  try {
    await answered(
      ask(() => handle.executeUpdate<string, [CancelRequest]>(RESUME_CALLS_UPDATE, { args: [request] })),
      new OperatorError('unanswered', 'No worker has answered: calls to RideNDine may be resumed. "status" tells.'),
    );
  } catch (error) {
    const refusal = refusalIn(error);
    // Somebody else has resumed them, or its time is over.
    throw new OperatorError('refused', typeof refusal === 'string' ? NOT_PAUSED : refusal.reason);
  }
}
