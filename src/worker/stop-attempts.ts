import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import type { RunIds, StoppedAttempts } from '../activities/order-runs.ts';
import { grpcAnswers, grpcCodeOf } from '../temporal/temporal-failures.ts';

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;
const { PendingActivityState } = proto.temporal.api.enums.v1;

/** The time-out of each request to Temporal. */
const TIMEOUT_MS = 5000;
const LOOK_AGAIN_MS = 200;
/** How long after its time-out Temporal may still report an attempt as under way. */
const LATE_MS = 1000;

/** A definite no: the server is older, or it does not let us pause any activity, or not this activity. */
const CANNOT_PAUSE = new Set<number>([
  grpcAnswers.invalidArgument,
  grpcAnswers.permissionDenied,
  grpcAnswers.failedPrecondition,
  grpcAnswers.unimplemented,
]);

/**
 * Pauses a pending activity and waits while an attempt is under way. After that, the activity's heartbeat details do
 * not change any more. Must be called before the activity is cancelled, because Temporal forgets the details then.
 *
 * If the worker of the attempt is gone, Temporal never ends the paused attempt. So the wait ends after the attempt's
 * own time-out, and the result has `isLost`.
 */
export async function stopAttempts(
  client: Client,
  run: RunIds,
  activityType: string,
): Promise<StoppedAttempts | 'unstoppable' | null> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  const find = async () => {
    const { raw } = await client.withDeadline(Date.now() + TIMEOUT_MS, () => handle.describe());
    const all = (raw.pendingActivities ?? []).filter(({ activityType: type }) => type?.name === activityType);
    // An earlier activity whose worker is gone may still be pending. Ids are numbers: the newest has the highest.
    return all.toSorted((a, b) => Number(a.activityId) - Number(b.activityId)).at(-1);
  };
  const running = await find();
  // An operator may have paused the activity before: then it need not be paused.
  if (running && !running.paused && !(await pause(client, run, running))) return 'unstoppable';
  const began = performance.now();
  for (;;) {
    const pending = await find();
    if (!pending) return null;
    if (!isUnderWay(pending)) return await attemptsOf(client, pending);
    if (performance.now() - began > longestAttemptMs(pending) + LATE_MS) {
      return { ...(await attemptsOf(client, pending)), isLost: true };
    }
    await delay(LOOK_AGAIN_MS);
  }
}

/** The start-to-close time-out in milliseconds; `Infinity` if the server is too old to tell it. */
function longestAttemptMs({ activityOptions }: PendingActivity): number {
  const timeout = activityOptions?.startToCloseTimeout;
  return timeout ? (optionalTsToMs(timeout) ?? Infinity) : Infinity;
}

/** @returns `false` if the server cannot pause the activity. */
async function pause(client: Client, execution: RunIds, { activityId }: PendingActivity): Promise<boolean> {
  const { namespace, identity } = client.options;
  try {
    await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
      client.workflowService.pauseActivity({
        namespace,
        execution,
        id: activityId ?? '',
        identity,
        reason: 'Somebody asked to cancel the order.',
      }),
    );
    return true;
  } catch (error) {
    const code = grpcCodeOf(error);
    if (code !== undefined && CANNOT_PAUSE.has(code)) return false;
    // The activity has ended meanwhile, and the next look shows that.
    if (code === grpcAnswers.notFound) return true;
    throw error;
  }
}

function isUnderWay({ state }: PendingActivity): boolean {
  return (
    state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED ||
    state === PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED ||
    state === PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
  );
}

async function attemptsOf(client: Client, pending: PendingActivity): Promise<StoppedAttempts> {
  const { attempt, lastFailure, lastStartedTime, lastWorkerIdentity, heartbeatDetails } = pending;
  const payloads = heartbeatDetails?.payloads;
  // Not tried again: the encryption key is gone, or another program left these details, and that stays so.
  const details = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads).catch(
    () => 'unreadable' as const,
  );
  return {
    nextAttempt: attempt ?? 1,
    // An operator's reset of the step clears the first three, but not the identity of the worker that made an attempt.
    isFirst: attempt === 1 && lastFailure == null && lastStartedTime == null && !lastWorkerIdentity,
    ...(details === 'unreadable' ? { unreadable: true } : { heartbeatDetails: details[0] }),
  };
}
