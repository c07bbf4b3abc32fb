import { z } from 'zod';
import type { Checkout } from '../../domain/checkout.ts';
import { longestLinkId } from '../../domain/order.ts';
import type { LinkIds } from '../../domain/order.ts';
import { trimPasted } from '../../domain/pasted-text.ts';
import { storableText } from '../../domain/storable-text.ts';

/** RideNDine's `Idempotency-Key` (docs/requirements.md, step 3.3): the same for all attempts and runs of an order. */
export function ridendineIdempotencyKey(orderId: string): string {
  return `cooco_order_${orderId}`;
}

/**
 * The body of POST /orders/create, with its keys in the order of docs/requirements.md, step 3.3. It is built once, when
 * the record is created, and stored with the record: every attempt sends exactly this text.
 */
export function orderBody(orderId: string, checkout: Checkout): string {
  return JSON.stringify({
    quote_id: checkout.quote_id,
    external_order_id: orderId,
    merchant_id: checkout.merchant_id,
    customer: {
      external_id: checkout.customer.id,
      name: checkout.customer.name,
      phone: checkout.customer.phone,
      email: checkout.customer.email,
    },
    fulfillment: checkout.fulfillment,
    items: checkout.items,
    totals: checkout.totals,
  });
}

/** RideNDine's ids are taken byte for byte. An id that cannot be stored is refused: saving it would fail for ever. */
const partnerId = (longest: number) => storableText.max(longest).refine((id) => trimPasted(id) !== '');

/** RideNDine's reply (docs/requirements.md, step 3.4). Fields beyond these are ignored. */
export const ridendineReplySchema: z.ZodType<LinkIds> = z.object({
  ridendine_order_id: partnerId(longestLinkId.ridendine_order_id),
  payment_session_id: partnerId(longestLinkId.payment_session_id),
});
