import { ApplicationFailure } from '@temporalio/common';
import type { FailureCode } from '../domain/failures.ts';
import type { FailureDetails } from '../domain/failure-details.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { minuteOf } from '../domain/spoken-time.ts';
import { attemptTime } from './attempt.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';

/** How often an order that waits looks whether the pause is over. Each look costs Temporal an attempt. */
const PAUSE_LOOKED_AT_EVERY_MS = 30_000;

export function waitWhilePausedWith({
  pause,
}: {
  pause: () => PartnerPause | null;
}): OrderCreationActivities['waitWhilePaused'] {
  return async ({ until }) => {
    const paused = pause();
    const leftMs = Date.parse(until) - attemptTime().getTime();
    if (!paused || leftMs <= 0) return;
    // The last look comes exactly at `until`.
    const nextRetryDelay = Math.min(PAUSE_LOOKED_AT_EVERY_MS, leftMs);
    throw pausedFailure({ pause: paused, tried_until: until }, { nonRetryable: false, nextRetryDelay });
  };
}

/** The failure of a step that did not ask RideNDine because calls are paused. */
export function pausedFailure(
  details: FailureDetails & { pause: PartnerPause },
  retries: { nonRetryable: boolean; nextRetryDelay?: number },
): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'RideNDineUnavailable' satisfies FailureCode,
    message: `Calls to RideNDine have been paused since ${minuteOf(details.pause.since)}, so RideNDine was not asked.`,
    ...retries,
    details: [details],
  });
}
