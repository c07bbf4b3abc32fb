import { Context, activityInfo } from '@temporalio/activity';
import { msToNumber } from '@temporalio/common/lib/time.js';

/**
 * The time by which an activity judges deadlines. It is the server's time of this attempt, or the worker's own time if
 * that is later: an attempt may wait long for a worker.
 */
export function attemptTime(): Date {
  return new Date(Math.max(Date.now(), activityInfo().currentAttemptScheduledTimestampMs));
}

/**
 * A signal that is aborted when nobody can use the attempt's result: its worker stops, its time is over or its run is
 * gone. The signal is not aborted when somebody cancels, pauses or resets the step, because a call that is under way
 * may still bring the answer. If the worker stops after that, the signal is not aborted either: the worker waits until
 * the call ends, for RIDENDINE_TIMEOUT_MS at most.
 */
export function attemptSignal(): AbortSignal {
  const context = Context.current();
  const { cancellationSignal } = context;
  const ended = new AbortController();
  const look = () => {
    const details = context.cancellationDetails;
    const mayEndWell = details?.cancelRequested || details?.paused || details?.reset;
    if (!mayEndWell) ended.abort(cancellationSignal.reason);
  };
  if (cancellationSignal.aborted) look();
  else cancellationSignal.addEventListener('abort', look, { once: true });
  return ended.signal;
}

/** The pause before the next attempt in milliseconds, as Temporal calculates it from the activity's retry policy. */
export function usualPauseMs(): number {
  const { retryPolicy = {}, attempt } = activityInfo();
  const { initialInterval = 1000, backoffCoefficient = 2, maximumInterval = Infinity } = retryPolicy;
  return Math.min(msToNumber(maximumInterval), msToNumber(initialInterval) * backoffCoefficient ** (attempt - 1));
}

/**
 * The pause that the other side asks for, if it is longer than the usual pause. `Retry-After` asks us not to come
 * sooner. It is no reason to come more often.
 *
 * @returns milliseconds; `undefined` if the usual pause applies.
 */
export function longerPauseMs(askedMs: number | undefined): number | undefined {
  return askedMs !== undefined && askedMs > usualPauseMs() ? askedMs : undefined;
}
