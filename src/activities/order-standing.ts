import { resultOf } from '../domain/order.ts';
import type { OrderCreationResult, StoredOrder } from '../domain/order.ts';
import { finalFailure } from './failures.ts';

/** How an order in Directus stands with this phase; the words of `CheckoutStanding`. */
export type OrderStanding =
  { standing: 'linked'; result: OrderCreationResult } | { standing: 'unlinked' | 'in-review' | 'failed' };

/** @throws ApplicationFailure if nothing may be done with the order any more. */
export function standingOf(order: StoredOrder): OrderStanding {
  // Before the link is looked at: support staff have the word, and had it.
  if (order.status === 'NEEDS_REVIEW') return { standing: 'in-review' };
  if (order.status === 'FAILED' && order.failure_code === 'OrderNeedsReview') {
    throw finalFailure('OrderNeedsReview', 'Support staff abandoned the order of this checkout.');
  }
  const result = resultOf(order);
  if (result) return { standing: 'linked', result };
  switch (order.status) {
    case 'PENDING_PAYMENT':
      return { standing: 'unlinked' };
    case 'FAILED':
      return { standing: 'failed' };
    case 'CANCELLED':
      throw finalFailure('OrderCancelled', 'The order of this checkout was cancelled.');
    default:
      // A later phase has it, and yet it is not linked: nothing that this phase may judge or overwrite.
      throw finalFailure('OrderNeedsReview', 'The order is in a later phase without being linked to RideNDine.');
  }
}
