import { v5 } from 'uuid';

/** Never changes: another namespace would give the orders that already exist other ids. */
const ORDER_NAMESPACE = 'c0a5b1d4-6f0e-4d57-9b0b-7d1f6f1f3c9e';

/** `orders.id`, derived from the idempotency key, so that a retry writes the same row and not another one. */
export function deriveOrderId(idempotencyKey: string): string {
  return v5(idempotencyKey.toLowerCase(), ORDER_NAMESPACE);
}

/** `order_items.id` of the line at `index` (from 0). */
export function deriveOrderItemId(orderId: string, index: number): string {
  return v5(String(index), orderId);
}
