import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type {
  MarkOutcome,
  OpenStanding,
  OrderCreationActivities,
  OrderMark,
} from '../activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import { untilMarked } from './activity-options.ts';
import type { StepFailure } from './failures.ts';

const { markOrder } = proxyActivities<OrderCreationActivities>({
  ...untilMarked,
  summary: 'Write the outcome on the order',
});

/** Writes on the order how matters stand with it, however long that takes: a run ends only after Directus knows. */
export function markAs(orderId: string, status: OrderMark['status'], failure?: StepFailure): Promise<MarkOutcome> {
  return CancellationScope.nonCancellable(() => markOrder(newMark(orderId, status, failure)));
}

/** The same for an order of which nobody knows whether it was written. */
export function markAsEvenIfMissing(
  { input, standing }: { input: OrderCreationInput; standing: OpenStanding },
  status: OrderMark['status'],
  failure?: StepFailure,
): Promise<MarkOutcome> {
  const mark = newMark(standing.order_id, status, failure);
  // One that failed before is there.
  if (standing.standing !== 'new') return CancellationScope.nonCancellable(() => markOrder(mark));
  const if_missing = { request: input, checkout: standing.checkout };
  return CancellationScope.nonCancellable(() => markOrder({ ...mark, if_missing }));
}

function newMark(orderId: string, status: OrderMark['status'], failure: StepFailure | undefined): OrderMark {
  return {
    order_id: orderId,
    status,
    failure_code: failure?.code ?? null,
    failure_reason: failure?.reason ?? null,
  };
}
