import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { OrderCreationActivities, OrderRecord, Tried } from '../activities/order-creation-activities.ts';
import type { LinkIds } from '../domain/order.ts';
import { named } from './directus-steps.ts';
import { LONGEST_WAIT_FOR_PARTNER_CALL_MS, STOPPING_ALLOWANCE_MS, afterTheRecord, partnerBackoff } from './policies.ts';
import type { Cancellation } from './cancellation.ts';
import type { AskedUntil } from './current-details.ts';
import type { RunStatus } from './status.ts';
import { readStepFailure, stoppedFailure } from './step-failure.ts';

/**
 * Asks RideNDine until it answers. Once somebody asks to cancel the order no further attempt is made; one that is under
 * way may still bring the answer, and then that counts.
 *
 * @param afterReview whether support staff decided that it is made: then it is made once, even if its time is over.
 */
export async function callPartner(
  order: OrderRecord,
  { afterReview, cancellation, status }: { afterReview: boolean; cancellation: Cancellation; status: RunStatus },
): Promise<LinkIds & Tried> {
  let maybeSentBefore = order.maybe_sent_before || afterReview;
  for (;;) {
    try {
      return await callUntilCancelled(order, { afterReview, maybeSentBefore }, cancellation);
    } catch (error) {
      const { pause, maybe_sent } = readStepFailure(error, 'RideNDineUnavailable').details;
      // A call that support staff want although its time is over is theirs to decide about anew.
      if (!pause || remainingMs(order, maybeSentBefore) <= 0) throw error;
      // Temporal forgets what the attempts have left with the step.
      maybeSentBefore ||= maybe_sent !== false;
      status.isPaused(pause);
      await waitWhilePaused(order, maybeSentBefore, cancellation);
      status.isPaused(undefined);
    }
  }
}

interface PartnerCalls {
  afterReview: boolean;
  /** Whether RideNDine may have the order from calls before these. */
  maybeSentBefore: boolean;
}

async function callUntilCancelled(
  order: OrderRecord,
  calls: PartnerCalls,
  cancellation: Cancellation,
): Promise<LinkIds & Tried> {
  const { maybeSentBefore } = calls;
  if (cancellation.isAsked()) throw stoppedFailure({ maybe_sent: maybeSentBefore, code: null });

  const attempts = new CancellationScope();
  const answer = attempts.run(() => createRideNDineOrder(order, calls));
  const isOver = endOf(answer);
  await condition(() => isOver() || cancellation.isAsked());
  if (isOver()) return await answer;

  // What the attempts came to has to be known before the step is cancelled: Temporal forgets it with the step.
  const known = await stopPartnerAttempts(order);
  if (!isOver()) attempts.cancel();
  // Temporal ends no attempt that is paused: the step would not end before the run does.
  if (known.is_lost && !isOver()) throw stoppedFailure(known);
  try {
    return await answer;
  } catch (error) {
    throw isCancellation(error) ? stoppedFailure({ ...known, maybe_sent: known.maybe_sent || maybeSentBefore }) : error;
  }
}

/** Until the calls are resumed, somebody asks to cancel the order, or its time is over. */
async function waitWhilePaused(
  order: OrderRecord,
  maybeSentBefore: boolean,
  cancellation: Cancellation,
): Promise<void> {
  const until = maybeSentBefore ? order.key_deadline : order.not_sent_deadline;
  const wait = proxyActivities<OrderCreationActivities>({
    ...afterTheRecord,
    summary: 'Wait until calls to RideNDine are resumed',
  });
  const waiting = new CancellationScope();
  // However it ends, the next call finds out what holds then.
  const isOver = endOf(waiting.run(() => wait.waitWhilePaused({ until })));
  await condition(() => isOver() || cancellation.isAsked());
  if (!isOver()) waiting.cancel();
}

/** @returns whether it has ended by now, in whatever way. */
function endOf(work: Promise<unknown>): () => boolean {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  return () => isOver;
}

function createRideNDineOrder(
  order: OrderRecord,
  { afterReview, maybeSentBefore }: PartnerCalls,
): Promise<LinkIds & Tried> {
  const leftMs = remainingMs(order, maybeSentBefore);
  const isInTime = leftMs > 0;
  const partner = proxyActivities<OrderCreationActivities>({
    // Where it is not known, with the run's other steps.
    ...(order.partner_task_queue !== undefined && { taskQueue: order.partner_task_queue }),
    summary: `Create RideNDine order for ${named(order.order_id)}`,
    startToCloseTimeout: order.attempt_timeout_ms,
    // An attempt that is under way may bring the answer.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // The activity judges the deadlines itself; this bounds what it can't: a worker that never comes.
    ...(isInTime
      ? {
          scheduleToCloseTimeout: leftMs + LONGEST_WAIT_FOR_PARTNER_CALL_MS + order.attempt_timeout_ms,
          retry: partnerBackoff,
        }
      : // When its time is over each call is a decision of its own.
        { scheduleToStartTimeout: LONGEST_WAIT_FOR_PARTNER_CALL_MS, retry: { maximumAttempts: 1 } }),
  });
  return partner.createRideNDineOrder({
    ...order,
    asked_by_support: afterReview && !isInTime,
    maybe_sent_before: maybeSentBefore,
  });
}

/** Until the last deadline that may count. */
function remainingMs(order: OrderRecord, maybeSentBefore: boolean): number {
  const deadlines = [order.key_deadline, ...(maybeSentBefore ? [] : [order.not_sent_deadline])];
  return Math.max(...deadlines.map((deadline) => Date.parse(deadline) - Date.now()));
}

function stopPartnerAttempts(order: OrderRecord) {
  const temporal = proxyActivities<OrderCreationActivities>({
    ...afterTheRecord,
    summary: `Stop asking RideNDine for ${named(order.order_id)}`,
    startToCloseTimeout: order.attempt_timeout_ms + STOPPING_ALLOWANCE_MS,
  });
  return temporal.stopPartnerAttempts();
}

/** @param afterReview whether support staff decided that it is asked: when its time is over, once. */
export function askedUntil(order: OrderRecord, afterReview: boolean): AskedUntil {
  const { not_sent_deadline, key_deadline, maybe_sent_before } = order;
  if (afterReview && Date.parse(key_deadline) <= Date.now()) return 'once';
  return { maybe_sent: key_deadline, ...(!maybe_sent_before && !afterReview && { not_sent: not_sent_deadline }) };
}
