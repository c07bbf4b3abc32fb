import { Context, activityInfo } from '@temporalio/activity';
import type { Duration } from '@temporalio/common';
import ms from 'ms';

/**
 * The time by which an activity judges deadlines: the server's time of this attempt, or ours if that is later (an
 * attempt may wait long for a worker).
 */
export function attemptTime(): Date {
  return new Date(Math.max(Date.now(), activityInfo().currentAttemptScheduledTimestampMs));
}

/**
 * Aborted when what the attempt does is for nobody: its worker stops, its time is over or its run is gone. Not when
 * somebody cancels, pauses or resets the step: a call that is under way may still bring the answer. An
 * attempt that was told of one of these is not told when its worker stops: the worker then waits for the call to end, for
 * RIDENDINE_TIMEOUT_MS at most.
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

/** The pause before the next attempt as Temporal reckons it from the activity's retry policy. */
export function usualPauseMs(): number {
  const { retryPolicy = {}, attempt } = activityInfo();
  const { initialInterval = 1000, backoffCoefficient = 2, maximumInterval = Infinity } = retryPolicy;
  return Math.min(milliseconds(maximumInterval), milliseconds(initialInterval) * backoffCoefficient ** (attempt - 1));
}

/**
 * The pause that is asked for, unless the usual one is longer: `Retry-After` asks not to come sooner, and is no reason to
 * come more often.
 *
 * @returns `undefined` for the usual pause.
 */
export function longerPauseMs(askedMs: number | undefined): number | undefined {
  return askedMs !== undefined && askedMs > usualPauseMs() ? askedMs : undefined;
}

export function milliseconds(duration: Duration): number {
  return typeof duration === 'number' ? duration : ms(duration);
}
