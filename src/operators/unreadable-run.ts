import { setTimeout as delay } from 'node:timers/promises';
import proto from '@temporalio/proto';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { answered } from './answered.ts';
import { OperatorError } from './operator-error.ts';

const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED, EVENT_TYPE_WORKFLOW_TASK_FAILED } = proto.temporal.api.enums.v1.EventType;

/** A worker completes a run's first task in a moment. If none does in this time, nothing is known of the run. */
const KNOWN_WITHIN_MS = 5000;
const LOOK_AGAIN_MS = 100;
const FIRST_EVENTS = 10;

interface StartedRun {
  workflowId: string;
  runId: string;
}

/**
 * Ends a run that was just started if the workers cannot read it. Otherwise they would try again and again, and would
 * carry the run out as soon as somebody gives them the keys.
 *
 * @throws {OperatorError} `not sent`: the workers cannot read the run, so it was ended. `unanswered`: Temporal does not
 *   tell, and the run may go on.
 * @throws {TemporalAccessError} Temporal refuses the question, and the run may go on.
 */
export async function requireReadable(temporal: TemporalAccess, run: StartedRun): Promise<void> {
  await answered(
    endUnreadable(temporal, run),
    new OperatorError('unanswered', 'It was begun. Temporal has not told yet whether the workers can read it.'),
  );
}

async function endUnreadable(
  { ask, connection, client, settings: { namespace } }: TemporalAccess,
  { workflowId, runId }: StartedRun,
): Promise<void> {
  const execution = { workflowId, runId };
  const types = async () => {
    const { history } = await ask(() =>
      connection.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: FIRST_EVENTS }),
    );
    return new Set(history?.events?.map(({ eventType }) => eventType));
  };
  const until = Date.now() + KNOWN_WITHIN_MS;
  for (let seen = await types(); !seen.has(EVENT_TYPE_WORKFLOW_TASK_COMPLETED); seen = await types()) {
    if (seen.has(EVENT_TYPE_WORKFLOW_TASK_FAILED)) {
      await ask(() => client.workflow.getHandle(workflowId, runId).terminate('No worker can read it.'));
      throw new OperatorError(
        'not sent',
        'Nothing was begun: the workers cannot read what was sent. Set ENCRYPTION_KEYS to the keys of the workers, and run workers of this version.',
      );
    }
    if (Date.now() > until) return;
    await delay(LOOK_AGAIN_MS);
  }
}
