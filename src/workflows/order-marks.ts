import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { Duration } from '@temporalio/common';
import type {
  CancelledCheckout,
  EndedStanding,
  MarkOutcome,
  OpenStanding,
  OrderCreationActivities,
  OrderMark,
  OrderRecord,
} from '../activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { named, untilMarked } from './activity-options.ts';
import type { StepFailure } from './failures.ts';

/**
 * Writes on the order how matters stand with it, however long that takes, unless told: a run ends only after Directus
 * knows.
 */
export function markAs(
  orderId: string,
  status: OrderMark['status'],
  { failure, action, triedFor }: { failure?: StepFailure; action?: SupportAction; triedFor?: Duration } = {},
): Promise<MarkOutcome> {
  const order = { order_id: orderId, status, ...reasonOf(failure), ...(action && { support_action: action }) };
  return mark(order, triedFor);
}

/** The run's own decision that nothing comes of an order. */
export function markAsFailed({ order_id, run_id }: OrderRecord, failure: StepFailure): Promise<MarkOutcome> {
  return mark({ order_id, status: 'FAILED', ...reasonOf(failure), found_by_run: run_id });
}

/** The same for an order of which nobody knows whether it was written. */
export function markAsEnded(
  { input, standing }: { input: OrderCreationInput; standing: OpenStanding },
  status: 'FAILED' | 'CANCELLED',
  { failure, action }: { failure?: StepFailure; action?: SupportAction | undefined },
): Promise<MarkOutcome> {
  const { order_id, run_id } = standing;
  return mark({
    order_id,
    status,
    ...reasonOf(failure),
    found_by_run: run_id,
    // One that failed before is there.
    ...(standing.kind === 'new' && { if_missing: { request: input, checkout: standing.checkout } }),
    ...(action && { support_action: action }),
  });
}

/** The run's own decision that nothing comes of an order that RideNDine does not have, since somebody cancelled it. */
export function markAsCancelled(
  { order_id, run_id }: OrderRecord,
  action: SupportAction | undefined,
): Promise<MarkOutcome> {
  return mark({
    order_id,
    status: 'CANCELLED',
    ...reasonOf(undefined),
    found_by_run: run_id,
    ...(action && { support_action: action }),
  });
}

/** Somebody cancelled a checkout of whose order the run does not know. */
export function cancelCheckout(
  request: OrderCreationInput,
  action: SupportAction | undefined,
): Promise<CancelledCheckout> {
  const summary = 'Write CANCELLED under the idempotency key';
  const directus = proxyActivities<OrderCreationActivities>({ ...untilMarked, summary });
  return directus.cancelCheckout({ request, ...(action && { support_action: action }) });
}

/** An order that was not told how its run ended. */
export function markAsItsRunEnded({ order_id, run_id, status, failure_code }: EndedStanding): Promise<MarkOutcome> {
  const failure_reason =
    failure_code === null ? null : 'A worker died as it wrote the order, and nothing came of the checkout then.';
  return mark({ order_id, status, failure_code, failure_reason, found_by_run: run_id });
}

function mark(order: OrderMark, triedFor?: Duration): Promise<MarkOutcome> {
  const summary = `Write ${order.status} on ${named(order.order_id)}`;
  const directus = proxyActivities<OrderCreationActivities>({
    ...untilMarked,
    ...(triedFor !== undefined && { scheduleToCloseTimeout: triedFor }),
    summary,
  });
  return CancellationScope.nonCancellable(() => directus.markOrder(order));
}

function reasonOf(failure: StepFailure | undefined): Pick<OrderMark, 'failure_code' | 'failure_reason'> {
  return { failure_code: failure?.code ?? null, failure_reason: failure?.reason ?? null };
}
