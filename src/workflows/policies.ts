import { ActivityCancellationType } from '@temporalio/workflow';
import type { ActivityOptions, Duration, LocalActivityOptions } from '@temporalio/common';

/**
 * One attempt at Directus: two HTTP calls of 5 s at most, and room for the call's own error to be what people see. The
 * few that make a third are cut off, and made again, if all of them are as slow. A worker that was lost is noticed when
 * it is over.
 */
const DIRECTUS_ATTEMPT: Duration = '12 s';

/** The same with the five calls that `markOrder` may need where it records what support staff did. */
export const MARK_ATTEMPT: Duration = '27 s';

const directusBackoff = { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

/** For how long `validateCheckout` and `createOrderRecord` are tried. */
export const MINUTES_BEFORE_THE_RECORD = 30;

/**
 * Before the record exists nothing is lost by giving up, and no customer waits half an hour. A cancelled attempt is
 * waited for: it may write the record that the cancellation has to mark.
 */
export const beforeTheRecord = {
  startToCloseTimeout: DIRECTUS_ATTEMPT,
  scheduleToCloseTimeout: `${MINUTES_BEFORE_THE_RECORD} min`,
  retry: directusBackoff,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

/**
 * The first attempt of a step at Directus, made within the workflow task. It is one alone: while it lasts, people see
 * nothing of it. One that is cancelled is waited for, as the activity would be.
 */
export const firstDirectusAttempt = {
  startToCloseTimeout: DIRECTUS_ATTEMPT,
  retry: { maximumAttempts: 1 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies LocalActivityOptions;

/** Once the record exists, writes are tried until they succeed: giving up would lose an order. */
export const afterTheRecord = {
  startToCloseTimeout: DIRECTUS_ATTEMPT,
  retry: directusBackoff,
} satisfies ActivityOptions;

/** How long the writes of one decision are tried. Whoever decides waits for them, and no other decision is taken meanwhile. */
export const DECISION_MS = 2 * 60_000;

export const untilMarked = { ...afterTheRecord, startToCloseTimeout: MARK_ATTEMPT } satisfies ActivityOptions;

/** If a sweep fails, the next one does its work. One attempt starts at most 100 runs. */
export const sweepRetries = {
  startToCloseTimeout: '1 min',
  scheduleToCloseTimeout: '10 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
} satisfies ActivityOptions;

/**
 * One order of a bulk decision: the run's own writes take at most {@link DECISION_MS}. Without Temporal, or without a
 * worker, an attempt ends late; the order that took the decision meanwhile answers the next one in the same way.
 */
export const bulkDecisionRetries = {
  startToCloseTimeout: '3 min',
  scheduleToCloseTimeout: '15 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
} satisfies ActivityOptions;

/** The partner's pauses (docs/requirements.md); `Retry-After` and our own faults lengthen them. */
export const partnerBackoff = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

/** How long a call may wait for a worker or for the limit of calls. The time of the call itself is not used up by that. */
export const LONGEST_WAIT_FOR_PARTNER_CALL_MS = 60 * 60_000;

/** To stop the attempts at RideNDine takes a question to Temporal before and after the attempt that is under way. */
export const STOPPING_ALLOWANCE_MS = 20_000;
