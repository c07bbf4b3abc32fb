import { ActivityCancellationType } from '@temporalio/workflow';
import type { ActivityOptions, Duration } from '@temporalio/common';

/** One attempt at Directus. Longer than the HTTP call inside, so that the call's own error is what people see. */
const DIRECTUS_ATTEMPT: Duration = '12 s';

const directusBackoff = { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '30 s' } as const;

/**
 * Before the record exists nothing is lost by giving up, and no customer waits half an hour. A cancelled attempt is
 * waited for: it may write the record that the cancellation has to mark.
 */
export const beforeTheRecord = {
  startToCloseTimeout: DIRECTUS_ATTEMPT,
  scheduleToCloseTimeout: '30 min',
  retry: directusBackoff,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

/** Once the record exists, writes are tried until they succeed: giving up would lose an order. */
export const afterTheRecord = {
  startToCloseTimeout: DIRECTUS_ATTEMPT,
  retry: directusBackoff,
} satisfies ActivityOptions;

/** The partner's pauses (design, section 3); `Retry-After` and our own faults lengthen them. */
export const partnerBackoff = { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' } as const;
