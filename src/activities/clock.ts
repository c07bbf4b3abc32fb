import { activityInfo } from '@temporalio/activity';

/**
 * The time by which an activity judges deadlines: the server's time of this attempt, or ours if that is later (an
 * attempt may wait long for a worker).
 */
export function attemptTime(): Date {
  return new Date(Math.max(Date.now(), activityInfo().currentAttemptScheduledTimestampMs));
}
