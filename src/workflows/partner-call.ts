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
 * Asks RideNDine until it answers, or until the order's deadline. Once somebody asks to cancel the order, no further
 * attempt begins. The attempt that is under way may still bring the answer, and that answer counts.
 *
 * @param afterReview whether support staff decided to ask: then RideNDine is asked once even after the deadline.
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
      // After the deadline, support staff decide on each call. The pause prevented this call, so they must decide anew.
      if (!pause || remainingMs(order, maybeSentBefore) <= 0) throw error;
      // The run must remember whether a call may have arrived: Temporal forgets the attempts' notes when the step ends.
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

  // The run must know the attempts' notes before it cancels the step, because Temporal forgets the notes with the step.
  const known = await stopPartnerAttempts(order);
  if (!isOver()) attempts.cancel();
  // Its worker is gone, and Temporal never ends a paused attempt: the run must not wait for the end of the step.
  if (known.is_lost && !isOver()) throw stoppedFailure(known);
  try {
    return await answer;
  } catch (error) {
    throw isCancellation(error) ? stoppedFailure({ ...known, maybe_sent: known.maybe_sent || maybeSentBefore }) : error;
  }
}

/** Waits until the calls are resumed, somebody asks to cancel the order, or the order's deadline has passed. */
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
  // The result of the wait does not matter: the next call checks the pause, the deadline and requests to cancel.
  const isOver = endOf(waiting.run(() => wait.waitWhilePaused({ until })));
  await condition(() => isOver() || cancellation.isAsked());
  if (!isOver()) waiting.cancel();
}

/** @returns a function that tells whether `work` has ended by now, with a result or an error. */
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
    // Without it, the call waits in the task queue of the run's other steps.
    ...(order.partner_task_queue !== undefined && { taskQueue: order.partner_task_queue }),
    summary: `Create RideNDine order for ${named(order.order_id)}`,
    startToCloseTimeout: order.attempt_timeout_ms,
    // A cancelled step waits for the attempt that is under way: the attempt may bring the answer.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // The activity checks the deadlines itself. These time-outs are for a step that no worker takes.
    ...(isInTime
      ? {
          scheduleToCloseTimeout: leftMs + LONGEST_WAIT_FOR_PARTNER_CALL_MS + order.attempt_timeout_ms,
          retry: partnerBackoff,
        }
      : // After the deadline, support staff decide on each call: one attempt.
        { scheduleToStartTimeout: LONGEST_WAIT_FOR_PARTNER_CALL_MS, retry: { maximumAttempts: 1 } }),
  });
  return partner.createRideNDineOrder({
    ...order,
    asked_by_support: afterReview && !isInTime,
    maybe_sent_before: maybeSentBefore,
  });
}

/** The time until the latest deadline that may count; zero or negative once it has passed. */
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

/** @param afterReview whether support staff decided to ask. After the deadline, that allows one call. */
export function askedUntil(order: OrderRecord, afterReview: boolean): AskedUntil {
  const { not_sent_deadline, key_deadline, maybe_sent_before } = order;
  if (afterReview && Date.parse(key_deadline) <= Date.now()) return 'once';
  return { maybe_sent: key_deadline, ...(!maybe_sent_before && !afterReview && { not_sent: not_sent_deadline }) };
}
