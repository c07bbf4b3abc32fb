import { ActivityCancellationType } from '@temporalio/workflow';
import type { ActivityOptions, Duration, LocalActivityOptions } from '@temporalio/common';

/**
 * The time-out of one attempt at Directus. Two HTTP calls of 5 s each fit in, so that people see the error of the call
 * and not the time-out of the attempt. A few attempts make a third call: if all three calls are that slow, the attempt
 * is cut off and made again. Temporal notices a lost worker when this time-out is over.
 */
const DIRECTUS_ATTEMPT: Duration = '12 s';

/** The same for `markOrder`, which may need five calls when it records a support action. */
export const MARK_ATTEMPT: Duration = '27 s';

const directusBackoff = { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

/** For how long `validateCheckout` and `createOrderRecord` are tried. */
export const MINUTES_BEFORE_THE_RECORD = 30;

/**
 * Before the record exists, giving up loses nothing, and no customer waits for half an hour. The run waits for a
 * cancelled attempt, because that attempt may write the record that the cancellation must mark.
 */
export const beforeTheRecord = {
  startToCloseTimeout: DIRECTUS_ATTEMPT,
  scheduleToCloseTimeout: `${MINUTES_BEFORE_THE_RECORD} min`,
  retry: directusBackoff,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

/**
 * The first attempt of a step at Directus, made within the workflow task. There is only one such attempt, because
 * people cannot see it while it lasts. The run waits for a cancelled attempt here, too.
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

/** How long the writes of one decision are tried. The operator waits, and no other decision is taken meanwhile. */
export const DECISION_MS = 2 * 60_000;

export const untilMarked = { ...afterTheRecord, startToCloseTimeout: MARK_ATTEMPT } satisfies ActivityOptions;

/** If a sweep fails, the next one does its work. One attempt starts at most 100 runs. */
export const sweepRetries = {
  startToCloseTimeout: '1 min',
  scheduleToCloseTimeout: '10 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
} satisfies ActivityOptions;

/**
 * One order of a bulk decision. The run's own writes take at most {@link DECISION_MS}. If Temporal or a worker is away,
 * an attempt may time out although the order took the decision. The next attempt then gets the same answer.
 */
export const bulkDecisionRetries = {
  startToCloseTimeout: '3 min',
  scheduleToCloseTimeout: '15 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
} satisfies ActivityOptions;

/** Intervals between calls to RideNDine (docs/requirements.md); `Retry-After` and a wrong configuration extend them. */
export const partnerBackoff = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

/** How long a call may wait for a worker or for the limit of calls. The call's own time-out begins after this wait. */
export const LONGEST_WAIT_FOR_PARTNER_CALL_MS = 60 * 60_000;

/** Time for the requests to Temporal that `stopPartnerAttempts` makes before and after the attempt under way. */
export const STOPPING_ALLOWANCE_MS = 20_000;
