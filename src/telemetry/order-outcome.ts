import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { OrderCreationStage } from '../contract/runs.ts';

/**
 * How a run of `orderCreation` ended:
 * - `linked`: our order and RideNDine's exist, and each has the other's id;
 * - `repeated`: an earlier run had linked the order, and this run answered with its ids;
 * - `refused`: the checkout cannot become an order, and this run created none;
 * - `failed`: the order failed, or Directus did not answer for half an hour;
 * - `abandoned`: an operator abandoned the order;
 * - `cancelled`: the order was cancelled, and RideNDine does not have it.
 */
export const orderOutcomes = ['linked', 'repeated', 'refused', 'failed', 'abandoned', 'cancelled'] as const;
export type OrderOutcome = (typeof orderOutcomes)[number];

const BEFORE_THE_ORDER = new Set<OrderCreationStage>(['VALIDATING', 'CREATING_RECORD']);

/**
 * @param stage the stage that the run enters.
 * @param left the stage that the run leaves.
 * @returns `undefined` if `stage` is not the end of a run.
 */
export function outcomeOf(
  stage: OrderCreationStage,
  { left, code }: { left: OrderCreationStage; code: FailureCode | undefined },
): OrderOutcome | undefined {
  switch (stage) {
    case 'LINKED':
      return left === 'VALIDATING' ? 'repeated' : 'linked';
    case 'CANCELLED':
      // With a code, the order had been cancelled before this run, and the same request came again.
      return code === undefined ? 'cancelled' : 'refused';
    case 'FAILED':
      // Only the decision `abandon` leads from NEEDS_REVIEW to FAILED.
      if (left === 'NEEDS_REVIEW') return 'abandoned';
      return BEFORE_THE_ORDER.has(left) && code !== undefined && failures[code].fault === 'checkout'
        ? 'refused'
        : 'failed';
    default:
      return undefined;
  }
}
