import { linkOf, resultOf } from '../domain/order.ts';
import type { LinkIds, StoredOrder } from '../domain/order.ts';
import { finalFailure } from './application-failures.ts';
import type { LinkedStanding } from './order-creation-activities.ts';

/** The standing of a key under which there is an order. */
type OrderStanding =
  | LinkedStanding
  /** RideNDine may have the order, or the order waits for support staff. */
  | { kind: 'unfinished' }
  | { kind: 'failed' };

/** @throws ApplicationFailure with the order's id, if no run may do anything with the order any more. */
export function standingOf(order: StoredOrder): OrderStanding {
  const final = (code: 'OrderNeedsReview' | 'OrderCancelled', reason: string) =>
    finalFailure(code, reason, { order_id: order.id });
  // This comes before the look at the link: support staff decide about an order in review, even if it is linked.
  if (order.status === 'NEEDS_REVIEW') return { kind: 'unfinished' };
  const result = resultOf(order);
  if (order.status === 'FAILED') {
    if (order.failure_code === 'OrderNeedsReview') {
      throw final('OrderNeedsReview', 'Support staff abandoned the order of this checkout.');
    }
    // Forgetting a customer removes the frozen bodies of the customer's orders.
    if (order.ridendine_request === null) {
      throw final(
        'OrderNeedsReview',
        'The order of this checkout has failed, and its request for RideNDine was removed.',
      );
    }
    if (result) throw final('OrderNeedsReview', 'The order has failed and is linked to RideNDine all the same.');
    return { kind: 'failed' };
  }
  if (result) return { kind: 'linked', result };
  switch (order.status) {
    case 'PENDING_PAYMENT':
      return { kind: 'unfinished' };
    case 'CANCELLED':
      throw final('OrderCancelled', 'The order of this checkout was cancelled.');
    default:
      // A later phase has the order although it is not linked. This phase may neither judge nor overwrite that.
      throw final('OrderNeedsReview', 'The order is in a later phase without being linked to RideNDine.');
  }
}

/**
 * @returns the order, if it may go on to RideNDine.
 * @throws ApplicationFailure if it may not. This happens after a reset, if another run has ended or linked the order,
 *   or if somebody has changed or removed the order in Directus.
 */
export function requireUnfinished(order: StoredOrder | null): StoredOrder {
  if (!order) throw finalFailure('OrderNeedsReview', 'The order is missing in Directus.');
  if (standingOf(order).kind === 'unfinished') return order;
  throw finalFailure(
    'OrderNeedsReview',
    'Another run has ended or linked the order. Send the same request again: a new run answers it.',
  );
}

/**
 * The ids of an order that another run has linked; `null` if the order may go on to RideNDine.
 *
 * @throws ApplicationFailure if the order is not linked and may not go on.
 */
export function linkOrUnfinished(order: StoredOrder | null): LinkIds | null {
  if (order && standingOf(order).kind === 'linked') return linkOf(order);
  requireUnfinished(order);
  return null;
}
