import { activityInfo } from '@temporalio/activity';
import type { Duration } from '@temporalio/common';
import ms from 'ms';

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
