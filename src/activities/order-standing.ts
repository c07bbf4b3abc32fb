import { linkOf, resultOf } from '../domain/order.ts';
import type { LinkIds, StoredOrder } from '../domain/order.ts';
import { finalFailure } from './application-failures.ts';
import type { LinkedStanding } from './order-creation-activities.ts';

/** The standing of a key under which there is an order. */
type OrderStanding =
  | LinkedStanding
  /** It may be at RideNDine, or waits for support staff. */
  | { kind: 'unfinished' }
  | { kind: 'failed' };

/** @throws ApplicationFailure that names the order if nothing may be done with it any more. */
export function standingOf(order: StoredOrder): OrderStanding {
  const final = (code: 'OrderNeedsReview' | 'OrderCancelled', reason: string) =>
    finalFailure(code, reason, { order_id: order.id });
  // Before the link is looked at: support staff have the word, and had it.
  if (order.status === 'NEEDS_REVIEW') return { kind: 'unfinished' };
  const result = resultOf(order);
  if (order.status === 'FAILED') {
    if (order.failure_code === 'OrderNeedsReview') {
      throw final('OrderNeedsReview', 'Support staff abandoned the order of this checkout.');
    }
    // So an order stands whose customer was forgotten.
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
      // A later phase has it, and yet it is not linked: nothing that this phase may judge or overwrite.
      throw final('OrderNeedsReview', 'The order is in a later phase without being linked to RideNDine.');
  }
}

/**
 * The order, if it may go on to RideNDine.
 *
 * @throws ApplicationFailure if not: then our run was reset, and its story is no longer the order's.
 */
export function requireUnfinished(order: StoredOrder | null): StoredOrder {
  if (!order) throw finalFailure('OrderNeedsReview', 'The order is missing in Directus.');
  if (standingOf(order).kind === 'unfinished') return order;
  throw finalFailure(
    'OrderNeedsReview',
    'Another run has brought the order to its end. Send the same request again: a new run answers for it.',
  );
}

/**
 * The ids of an order that another run has linked; `null` if the order may go on to RideNDine.
 *
 * @throws ApplicationFailure if neither.
 */
export function linkOrUnfinished(order: StoredOrder | null): LinkIds | null {
  if (order && standingOf(order).kind === 'linked') return linkOf(order);
  requireUnfinished(order);
  return null;
}
