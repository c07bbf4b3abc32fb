import { encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { PARTNER_PAUSE_MEMO, PARTNER_PAUSE_WORKFLOW, PARTNER_PAUSE_WORKFLOW_ID } from '../contract/partner-pause.ts';
import type { PartnerPauseInput } from '../contract/partner-pause.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../contract/runs.ts';
import type { WhoAndWhy } from '../contract/updates.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { findPause, pauseIn } from '../temporal/partner-pause.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { ifFound } from '../temporal/temporal-failures.ts';
import { OperatorError } from './operator-error.ts';
import { requireReadable } from './unreadable-run.ts';

/** If no worker can read the run of a timed pause, Temporal itself ends the run this long after the pause's time. */
const OVERTIME_MS = 60_000;

/** @returns `null` if calls to RideNDine are not paused. @throws {TemporalAccessError} */
export async function readPause({ ask, client, connection, settings }: TemporalAccess): Promise<PartnerPause | null> {
  const open = await ask(() => findPause(connection, settings.namespace));
  return open && (await pauseIn(open, client.options.loadedDataConverter));
}

/**
 * Pauses the calls to RideNDine. A pause that is open already is replaced. Workers notice the new pause within
 * `PAUSE_NOTICED_WITHIN_MS`.
 *
 * @throws {OperatorError} `refused`: we cannot read the open pause, which stays. `not sent`: workers cannot read the
 *   new pause, so calls are not paused, and a pause that was open before has ended, too.
 * @throws {TemporalAccessError}
 */
export async function pauseCalls(temporal: TemporalAccess, pause: PartnerPauseInput): Promise<void> {
  const before = await readPause(temporal);
  // The workers may have other keys than we, and be unable to read the new pause: then calls would go on.
  if (before !== null && before.by === undefined) {
    throw new OperatorError(
      'refused',
      'Calls to RideNDine are paused already, and who paused them cannot be read: set ENCRYPTION_KEYS to the keys of the workers, or resume the calls first.',
    );
  }
  const { workflowId, firstExecutionRunId: runId } = await temporal.ask(() =>
    temporal.client.workflow.start<(input: PartnerPauseInput) => Promise<void>>(PARTNER_PAUSE_WORKFLOW, {
      workflowId: PARTNER_PAUSE_WORKFLOW_ID,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      args: [pause],
      memo: { [PARTNER_PAUSE_MEMO]: pause },
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      ...(pause.for_ms !== undefined && { workflowExecutionTimeout: pause.for_ms + OVERTIME_MS }),
      staticSummary: 'While this run is open, calls to RideNDine are paused',
    }),
  );
  try {
    await requireReadable(temporal, { workflowId, runId });
  } catch (error) {
    if (before === null || !(error instanceof OperatorError) || error.outcome !== 'not sent') throw error;
    throw new OperatorError('not sent', `${error.message} The earlier pause has ended: calls are made again.`);
  }
}

/**
 * Ends the pause. This needs no worker. Temporal keeps who ended the pause, and why.
 *
 * @throws {OperatorError} calls are not paused.
 * @throws {TemporalAccessError}
 */
export async function resumeCalls(
  { ask, client, connection, settings: { namespace } }: TemporalAccess,
  by: WhoAndWhy,
): Promise<void> {
  const open = await ask(() => findPause(connection, namespace));
  if (open === null) throw new OperatorError('refused', 'Calls to RideNDine are not paused.');
  const payloads = await encodeToPayloads(client.options.loadedDataConverter, by);
  // The pause may have ended meanwhile: by an attempt of ours whose answer was lost, by itself or by somebody else.
  await ask(() =>
    ifFound(
      connection.workflowService.terminateWorkflowExecution({
        namespace,
        workflowExecution: { workflowId: PARTNER_PAUSE_WORKFLOW_ID, runId: open.runId },
        reason: 'Calls to RideNDine are resumed.',
        details: { payloads: payloads ?? [] },
        identity: client.options.identity,
      }),
    ),
  );
}
