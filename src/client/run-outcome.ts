import { ORDER_CREATION_STATE_QUERY } from '../contract/runs.ts';
import type { OrderCreationState } from '../contract/runs.ts';
import type { OrderCreationRunResult } from '../domain/order.ts';
import type { DescribedRun, Handle } from './find-run.ts';
import type { CreateOrderOutcome, OrderInProgress, OrderView } from './order-view.ts';
import { failureOf } from './run-failures.ts';
import { isOpen, progressOf } from './run-progress.ts';
import { readResult } from './run-result.ts';
import { requestDeadline } from '../temporal/temporal-calls.ts';
import type { TemporalCalls } from '../temporal/temporal-calls.ts';
import { gotNoAnswer, ranOutOfTime } from '../temporal/temporal-failures.ts';

/**
 * How long one request waits for a result before the next request is made. So a dead connection is noticed, and no
 * timer exceeds Node's limit, however long the caller waits.
 */
const POLL_TIMEOUT_MS = 60_000;

interface Wait {
  /** Milliseconds since 1970. */
  deadline: number;
  stopWaiting?: AbortSignal | undefined;
}

/** A run. Its description is missing if this call has just started it: then the server was not asked about it. */
export type KnownRun = Pick<DescribedRun, 'handle'> & Partial<DescribedRun>;

/** Waits for the result of a run. If the run is closed, the result is returned even if the wait is over. */
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

/** The answer is also `replayed` if an earlier run linked the order, even if Temporal has forgotten that run. */
function succeeded({ replayed, ...result }: OrderCreationRunResult, isJoined: boolean): CreateOrderOutcome {
  return { state: 'SUCCEEDED', stage: 'LINKED', ...result, replayed: isJoined || replayed === true };
}

/**
 * Waits for the result of an open run.
 *
 * @returns undefined if the wait ended without a result: the run goes on, or Temporal does not answer.
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
    // A program may use one signal for all its waits: without this, listeners would pile up on it.
    wait.stopWaiting?.removeEventListener('abort', onStop);
  }
}

/** Whether the wait is over: its deadline has passed, or the caller has stopped it. */
function isOver({ deadline, stopWaiting }: Wait): boolean {
  return Date.now() >= deadline || stopWaiting?.aborted === true;
}

/** How long to wait for a worker's answer. A worker that runs answers within milliseconds. */
const QUERY_TIMEOUT_MS = 1000;

/** How a run stands. Its failure is part of the view. */
export async function readOrderView(calls: TemporalCalls, run: DescribedRun): Promise<OrderView> {
  return isOpen(run.description) ? await viewOfOpen(calls, run) : await viewOfClosed(calls, run);
}

/**
 * No search attribute has the payment session. So a worker is asked for the payment session once the search attributes
 * have RideNDine's order id. If no worker answers, the view has none.
 */
async function viewOfOpen(calls: TemporalCalls, { handle, description }: DescribedRun): Promise<OrderInProgress> {
  const progress = progressOf(description);
  if (progress.ridendine_order_id === undefined) return progress;
  try {
    const { payment_session_id } = await calls.by(Date.now() + QUERY_TIMEOUT_MS, () =>
      handle.query<OrderCreationState>(ORDER_CREATION_STATE_QUERY),
    );
    return { ...progress, ...(typeof payment_session_id === 'string' && { payment_session_id }) };
  } catch {
    return progress;
  }
}

async function viewOfClosed(calls: TemporalCalls, { handle, description }: DescribedRun): Promise<OrderView> {
  try {
    const { replayed: _replayed, ...result } = readResult(await calls.by(requestDeadline(), () => handle.result()));
    return { state: 'SUCCEEDED', stage: 'LINKED', ...result };
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    const { state: _open, failure: _code, payment_session_id: _none, ...known } = progressOf(description);
    const { code, message: detail, usedBy } = failure;
    return { ...known, state: 'FAILED', failure: { code, detail, ...(usedBy && { used_by: usedBy }) } };
  }
}
