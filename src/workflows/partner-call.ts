import { proxyActivities } from '@temporalio/workflow';
import type { OrderCreationActivities, OrderRecord } from '../activities/order-creation-activities.ts';
import type { LinkIds } from '../domain/order.ts';
import { named, partnerBackoff } from './activity-options.ts';

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
    scheduleToCloseTimeout: Math.max(remainingMs, 0) + order.attempt_timeout_ms,
    // When its time is over each call is a decision of its own.
    retry: isInTime ? partnerBackoff : { maximumAttempts: 1 },
  });
  return partner.createRideNDineOrder({
    ...order,
    is_asked: isAsked && !isInTime,
    maybe_sent_before: maybeSentBefore,
  });
}
