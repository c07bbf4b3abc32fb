import { z } from 'zod';
import type { Checkout } from '../../domain/checkout.ts';
import { longestLinkId } from '../../domain/order.ts';
import type { LinkIds } from '../../domain/order.ts';
import { trimPasted } from '../../domain/pasted-text.ts';
import { storableText } from '../../domain/storable-text.ts';

/** RideNDine's `Idempotency-Key` (docs/requirements.md, step 3.3): the same for every attempt of every run of an order. */
export function ridendineIdempotencyKey(orderId: string): string {
  return `cooco_order_${orderId}`;
}

/**
 * The body of POST /orders/create (docs/requirements.md, step 3.3), its keys in that order. Built once, when the order
 * record is created, and stored with it: every attempt sends exactly this text.
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

/** An id that RideNDine gives is taken byte for byte. One that could not be stored is none: saving it would fail for ever. */
const partnerId = (longest: number) => storableText.max(longest).refine((id) => trimPasted(id) !== '');

/** RideNDine's reply (docs/requirements.md, step 3.4). Fields beyond these are ignored. */
export const ridendineReplySchema: z.ZodType<LinkIds> = z.object({
  ridendine_order_id: partnerId(longestLinkId.ridendine_order_id),
  payment_session_id: partnerId(longestLinkId.payment_session_id),
});
