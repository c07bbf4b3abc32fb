import { isLikelyLink } from '../domain/likely-link.ts';
import type { LinkIds, QuoteUser } from '../domain/order.ts';
import { DirectusNotUniqueError } from '../integrations/directus/errors.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { finalFailure } from './application-failures.ts';

/**
 * Makes a write. If Directus reports that a value is not unique, the rows in Directus tell what that means.
 *
 * @param whatRowsSay reads the rows. It throws or returns what they explain, and returns `undefined` if they do not.
 * @throws {DirectusNotUniqueError} if the rows explain nothing: Directus has a fault, or the next attempt succeeds.
 */
export async function writeUnlessTaken<Outcome>(
  write: () => Promise<Outcome>,
  whatRowsSay: () => Promise<Outcome | undefined>,
): Promise<Outcome> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof DirectusNotUniqueError)) throw error;
    const explained = await whatRowsSay();
    if (explained === undefined) throw error;
    return explained;
  }
}

/**
 * @throws ApplicationFailure `QuoteAlreadyUsed` if another live order has the quote. The failure names that order only
 *   if it belongs to the same customer.
 */
export async function requireFreeQuote(
  orders: OrdersStore,
  { orderId, quoteId, customerId }: { orderId: string; quoteId: string; customerId: string },
): Promise<undefined> {
  const owner = await orders.findLiveOrderOfQuote(quoteId, { otherThan: orderId });
  if (owner === null) return undefined;
  if (owner.customerId !== customerId || owner.idempotencyKey === null) {
    throw finalFailure('QuoteAlreadyUsed', 'Another live order was made from the quote.');
  }
  const used_by: QuoteUser = { order_id: owner.orderId, idempotency_key: owner.idempotencyKey };
  throw finalFailure('QuoteAlreadyUsed', `Another live order was made from the quote: order ${owner.orderId}.`, {
    used_by,
  });
}

/** @throws ApplicationFailure `LinkConflict` if another order has one of the ids. */
export async function requireFreeLink(orders: OrdersStore, orderId: string, link: LinkIds): Promise<undefined> {
  const owner = await orders.findOrderWithLink(link, { otherThan: orderId });
  if (owner === null) return undefined;
  throw finalFailure(
    'LinkConflict',
    owner.ridendine_order_id === link.ridendine_order_id
      ? 'Another order is already linked to this RideNDine order.'
      : 'Another order already has this payment session.',
  );
}

/** Typed ids are compared with those of this many newest orders: enough to know how RideNDine's ids look. */
const COMPARED_ORDERS = 20;

/** @throws ApplicationFailure `LinkConflict` if ids that a person has typed do not look like RideNDine's. */
export async function requireLikelyLink(
  orders: OrdersStore,
  link: LinkIds,
  { otherThan }: { otherThan: string },
): Promise<void> {
  if (isLikelyLink(link, await orders.findNewestLinks({ otherThan, limit: COMPARED_ORDERS }))) return;
  throw finalFailure(
    'LinkConflict',
    'These ids do not look like those that RideNDine has given so far. Compare both with RideNDine, and whether they are swapped. If they are right all the same, decide again with "ids_checked": true (npm run review: --ids-checked).',
  );
}
