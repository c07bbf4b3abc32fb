import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import type { StoppedAttempts } from '../activities/order-runs.ts';
import { grpcAnswers, grpcCodeOf } from '../temporal/temporal-failures.ts';

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;
const { PendingActivityState } = proto.temporal.api.enums.v1;

/** For each request. */
const TIMEOUT_MS = 5000;
const LOOK_AGAIN_MS = 200;
/** An attempt may be told as under way so long after its time is over. */
const LATE_MS = 1000;

/** A definite no: of an older server, and of one that lets nobody pause an activity, or not this one. */
const CANNOT_PAUSE = new Set<number>([
  grpcAnswers.invalidArgument,
  grpcAnswers.permissionDenied,
  grpcAnswers.failedPrecondition,
  grpcAnswers.unimplemented,
]);

/**
 * Pauses a pending activity and waits while an attempt is under way: from then on its heartbeat details don't change. It
 * is for whoever cancels the activity next, since Temporal forgets them then.
 *
 * An attempt whose worker is gone is waited for as long as it may take: Temporal itself never ends it once it is paused.
 */
export async function stopAttempts(
  client: Client,
  run: { workflowId: string; runId: string },
  activityType: string,
): Promise<StoppedAttempts | 'unstoppable' | null> {
  const handle = client.workflow.getHandle(run.workflowId, run.runId);
  const find = async () => {
    const { raw } = await client.withDeadline(Date.now() + TIMEOUT_MS, () => handle.describe());
    const all = (raw.pendingActivities ?? []).filter(({ activityType: type }) => type?.name === activityType);
    // One whose worker is gone may be left of an earlier call. They are numbered.
    return all.toSorted((a, b) => Number(a.activityId) - Number(b.activityId)).at(-1);
  };
  const running = await find();
  // An operator may have paused it before.
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

/** Older servers do not tell. */
function longestAttemptMs({ activityOptions }: PendingActivity): number {
  const timeout = activityOptions?.startToCloseTimeout;
  return timeout ? (optionalTsToMs(timeout) ?? Infinity) : Infinity;
}

/** @returns whether the server can. */
async function pause(
  client: Client,
  execution: { workflowId: string; runId: string },
  { activityId }: PendingActivity,
): Promise<boolean> {
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
    // It has ended meanwhile, and the next look says so.
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
  // A key that is gone, or what another program has left, is not there the next time either.
  const details = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads).catch(
    () => 'unreadable' as const,
  );
  return {
    nextAttempt: attempt ?? 1,
    // An operator's reset of the step clears all of these but the worker that made an attempt.
    isFirst: attempt === 1 && lastFailure == null && lastStartedTime == null && !lastWorkerIdentity,
    ...(details === 'unreadable' ? { unreadable: true } : { heartbeatDetails: details[0] }),
  };
}
