import { randomUUID } from 'node:crypto';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';

export interface NewOrderRow {
  id: string;
  quote_id: string;
  [field: string]: unknown;
}

/** The row of an order of this checkout, as the worker writes it to Directus. */
export function newOrderRow(checkout: DemoCheckout, fields: Record<string, unknown> = {}): NewOrderRow {
  return {
    id: randomUUID(),
    status: 'PENDING_PAYMENT',
    payment_status: 'PENDING',
    quote_id: checkout.quote_id,
    active_quote_id: checkout.quote_id,
    customer: checkout.customer_id,
    idempotency_key: randomUUID(),
    totals: { total: 1200, currency: 'USD' },
    items_snapshot: [{ menu_item_id: 'soup', name: 'Soup', quantity: 2, unit_price: 600 }],
    shipping_snapshot: checkout.shipping_snapshot,
    workflow_id: 'order-creation-test',
    order_items: { create: [newItemRow(), newItemRow({ sort: 2, name: 'Rice' })] },
    ...fields,
  };
}

export function newItemRow(fields: Record<string, unknown> = {}) {
  return { id: randomUUID(), sort: 1, menu_item_id: 'soup', name: 'Soup', quantity: 2, unit_price: 600, ...fields };
}
