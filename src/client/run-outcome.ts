import type { OrderCreationRunResult } from '../domain/order.ts';
import type { DescribedRun, Handle } from './find-run.ts';
import type { CreateOrderOutcome } from './order-view.ts';
import { failureOf } from './run-failures.ts';
import { isOpen, progressOf } from './run-progress.ts';
import { readResult } from './run-result.ts';
import { requestDeadline } from '../temporal/temporal-calls.ts';
import type { TemporalCalls } from '../temporal/temporal-calls.ts';
import { gotNoAnswer, ranOutOfTime } from '../temporal/temporal-failures.ts';

/** Longest that one request waits for a result: a connection that is dead is noticed, and a timer can't run for ever. */
const POLL_TIMEOUT_MS = 60_000;

interface Wait {
  /** Milliseconds since 1970. */
  deadline: number;
  stopWaiting?: AbortSignal | undefined;
}

/** The server was not asked about a run that was just started. */
export type KnownRun = Pick<DescribedRun, 'handle'> & Partial<DescribedRun>;

/** Waits for the result of `run`; one that is closed has it, also for a caller who does not want to wait. */
export async function outcomeOf(
  calls: TemporalCalls,
  { handle, description }: KnownRun,
  wait: Wait & { replayed: boolean },
): Promise<CreateOrderOutcome> {
  const { replayed } = wait;
  try {
    if (description === undefined || isOpen(description)) {
      if (description && isOver(wait)) return progressOf(description);
      const waited = await waitForResult(calls, handle, wait);
      if (waited !== undefined) return succeeded(waited, replayed);
      const now = await calls.by(requestDeadline(), () => handle.describe());
      if (isOpen(now)) return progressOf(now);
    }
    return succeeded(readResult(await calls.by(requestDeadline(), () => handle.result())), replayed);
  } catch (error) {
    throw failureOf(error) ?? error;
  }
}

/** An order that an earlier run had linked is the same again, also where that run is gone from Temporal. */
function succeeded({ replayed, ...result }: OrderCreationRunResult, isJoined: boolean): CreateOrderOutcome {
  return { state: 'SUCCEEDED', stage: 'LINKED', ...result, replayed: isJoined || replayed === true };
}

/**
 * The result of a run that is open.
 *
 * @returns undefined if there was none when the wait was over: the run goes on, or Temporal is away.
 */
async function waitForResult(
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
function isOver({ deadline, stopWaiting }: Wait): boolean {
  return Date.now() >= deadline || stopWaiting?.aborted === true;
}
