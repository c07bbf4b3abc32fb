import type { OrderCreationRunResult } from '../domain/order.ts';
import type { Handle } from './find-run.ts';
import { readResult } from './run-result.ts';
import type { TemporalCalls } from '../temporal/temporal-calls.ts';
import { gotNoAnswer, ranOutOfTime } from '../temporal/temporal-failures.ts';

/** Longest that one request waits for a result: a connection that is dead is noticed, and a timer can't run for ever. */
const POLL_TIMEOUT_MS = 60_000;

export interface Wait {
  /** Milliseconds since 1970. */
  deadline: number;
  stopWaiting?: AbortSignal | undefined;
}

/**
 * The result of a run that is open.
 *
 * @returns undefined if there was none when the wait was over: the run goes on, or Temporal is away.
 */
export async function waitForResult(
  calls: TemporalCalls,
  handle: Handle,
  wait: Wait,
): Promise<OrderCreationRunResult | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const onStop = () => stopped.resolve(undefined);
  wait.stopWaiting?.addEventListener('abort', onStop);
  try {
    while (!isOver(wait)) {
      const pollDeadline = Math.min(wait.deadline, Date.now() + POLL_TIMEOUT_MS);
      try {
        const result = await Promise.race([calls.by(pollDeadline, () => handle.result()), stopped.promise]);
        return result === undefined ? undefined : readResult(result);
      } catch (error) {
        if (!ranOutOfTime(error) && !gotNoAnswer(error)) throw error;
        if (pollDeadline === wait.deadline) return undefined;
      }
    }
    return undefined;
  } finally {
    // A server has one signal for all that it waits for.
    wait.stopWaiting?.removeEventListener('abort', onStop);
  }
}

/** Whether nobody waits any more. */
export function isOver({ deadline, stopWaiting }: Wait): boolean {
  return Date.now() >= deadline || stopWaiting?.aborted === true;
}
