import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { millisecondsOf } from '../../temporal/timestamps.ts';
import type { ClockReading } from './server-clock.ts';

/** No workflow is ever started on this task queue. */
const TASK_QUEUE = 'order-creation-doctor';

/** The server knows of a poll at once. If not within this time, something on the way holds the poll up. */
const SEEN_WITHIN_MS = 5000;
const LOOK_INTERVAL_MS = 50;

/**
 * What Temporal's clock shows. Temporal's API does not tell the time, but Temporal notes when a worker last asked for
 * tasks of a queue. So this function asks for tasks of a queue that has none, and reads the note.
 *
 * @returns undefined if Temporal has not noted the request.
 * @throws {TemporalAccessError}
 */
export async function readTemporalClock({
  connection,
  settings,
  ask,
}: TemporalAccess): Promise<ClockReading | undefined> {
  const { namespace } = settings;
  const taskQueue = { name: TASK_QUEUE };
  const identity = `doctor-${randomUUID()}`;
  const stop = new AbortController();
  const fromMs = Date.now();
  const deadlineMs = fromMs + SEEN_WITHIN_MS;
  const poll = () => connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity });
  // The poll waits for a task that never comes. If Temporal refuses it, there is no note, and the result is undefined.
  const polling = connection
    .withAbortSignal(stop.signal, () => connection.withDeadline(deadlineMs + SEEN_WITHIN_MS, poll))
    .catch(() => undefined);
  try {
    while (Date.now() < deadlineMs) {
      const { pollers } = await ask(() => connection.workflowService.describeTaskQueue({ namespace, taskQueue }));
      const seen = pollers.find((poller) => poller.identity === identity)?.lastAccessTime;
      const ownMs = millisecondsOf(seen);
      if (seen) return { theirs: { fromMs: ownMs, toMs: ownMs }, ours: { fromMs, toMs: Date.now() } };
      await delay(LOOK_INTERVAL_MS);
    }
    return undefined;
  } finally {
    stop.abort();
    await polling;
  }
}
