import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import { millisecondsOf } from '../../temporal/timestamps.ts';
import type { ClockReading } from './server-clock.ts';

/** Nobody starts workflows for it. */
const TASK_QUEUE = 'order-creation-doctor';

/** A poll is known to the server at once; one that is not by then is held up somewhere between. */
const SEEN_WITHIN_MS = 5000;
const LOOK_INTERVAL_MS = 50;

/**
 * What Temporal's clock shows. Nothing in its API tells the time, but it notes when somebody last asked for tasks of a
 * queue: so this asks, for tasks of a queue that has none, and reads the note.
 *
 * @returns nothing if there is no note of it.
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
  // It waits for a task that never comes. If it is refused there is no note, which is told below.
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
