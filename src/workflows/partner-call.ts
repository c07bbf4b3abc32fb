import { proxyActivities } from '@temporalio/workflow';
import type { OrderCreationActivities, OrderRecord } from '../activities/order-creation-activities.ts';
import type { LinkIds } from '../domain/order.ts';
import { named, partnerBackoff } from './activity-options.ts';

/** How long a call may wait for a worker or for the limit of calls; the time of the call itself is not used up by that. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** @param isAsked whether support staff asked for this call: it is then made once, even if its time is over. */
export function callPartner(order: OrderRecord, isAsked: boolean): Promise<LinkIds> {
  const maybeSentBefore = order.maybe_sent_before || isAsked;
  const deadlines = [order.key_deadline, ...(maybeSentBefore ? [] : [order.not_sent_deadline])];
  const remainingMs = Math.max(...deadlines.map((deadline) => Date.parse(deadline) - Date.now()));
  const isInTime = remainingMs > 0;
  const partner = proxyActivities<OrderCreationActivities>({
    // Where it is not known, with the run's other steps.
    ...(order.partner_task_queue !== undefined && { taskQueue: order.partner_task_queue }),
    summary: `Create RideNDine order for ${named(order.order_id)}`,
    startToCloseTimeout: order.attempt_timeout_ms,
    // The activity judges the deadlines itself; this bounds what it can't: a worker that never comes.
    ...(isInTime
      ? { scheduleToCloseTimeout: remainingMs + LONGEST_WAIT_MS + order.attempt_timeout_ms, retry: partnerBackoff }
      : // When its time is over each call is a decision of its own.
        { scheduleToStartTimeout: LONGEST_WAIT_MS, retry: { maximumAttempts: 1 } }),
  });
  return partner.createRideNDineOrder({
    ...order,
    is_asked: isAsked && !isInTime,
    maybe_sent_before: maybeSentBefore,
  });
}
