import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { OrderCreationStage } from '../contract/runs.ts';

/**
 * What came of a run of `orderCreation`:
 * - `linked`: both orders exist and know each other;
 * - `repeated`: an earlier run had linked the order, and its ids were the answer;
 * - `refused`: the checkout could not become an order, and nothing was made of it;
 * - `failed`: nothing came of an order, or Directus could not be asked for half an hour;
 * - `abandoned`: support staff gave the order up;
 * - `cancelled`.
 */
export const orderOutcomes = ['linked', 'repeated', 'refused', 'failed', 'abandoned', 'cancelled'] as const;
export type OrderOutcome = (typeof orderOutcomes)[number];

const BEFORE_THE_ORDER = new Set<OrderCreationStage>(['VALIDATING', 'CREATING_RECORD']);

/**
 * @param left the last stage before the end.
 * @returns `undefined` of a stage that is not the end.
 */
export function outcomeOf(
  stage: OrderCreationStage,
  { left, code }: { left: OrderCreationStage; code: FailureCode | undefined },
): OrderOutcome | undefined {
  switch (stage) {
    case 'LINKED':
      return left === 'VALIDATING' ? 'repeated' : 'linked';
    case 'CANCELLED':
      // With a code it was cancelled before, and the same request came again.
      return code === undefined ? 'cancelled' : 'refused';
    case 'FAILED':
      // Nothing but the decision to abandon it leads from there to here.
      if (left === 'NEEDS_REVIEW') return 'abandoned';
      return BEFORE_THE_ORDER.has(left) && code !== undefined && failures[code].fault === 'checkout'
        ? 'refused'
        : 'failed';
    default:
      return undefined;
  }
}
