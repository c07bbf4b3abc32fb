import { randomUUID } from 'node:crypto';
import type { Checkout } from '../../src/domain/checkout.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import type { CartLine, QuoteRecord, Totals } from '../../src/domain/quote.ts';

// Fixtures with ids that no other test uses. Each call makes a new one. `changes` replaces whole fields.

/** A DELIVERY that breaks no rule, together with its {@link newQuote}. */
export function newCheckoutRequest(changes: Partial<CheckoutRequest> = {}): CheckoutRequest {
  return {
    customer_id: randomUUID(),
    quote_id: `quote-${randomUUID()}`,
    fulfillment_method: 'DELIVERY',
    shipping_snapshot: { address: '1 Example Street', lat: 10.5, lng: 106.25 },
    customer_note: 'Ring twice.',
    idempotency_key: randomUUID(),
    ...changes,
  };
}

export function newPickupRequest(changes: Partial<CheckoutRequest> = {}): CheckoutRequest {
  return {
    customer_id: randomUUID(),
    quote_id: `quote-${randomUUID()}`,
    fulfillment_method: 'PICKUP',
    idempotency_key: randomUUID(),
    ...changes,
  };
}

/** A cart of 2 x 4.50 and 1 x 1.00. */
export function newCart(): CartLine[] {
  return [
    { menu_item_id: 'dish-1', name: 'First dish', quantity: 2, unit_price: 450, options: ['large'], note: 'No salt.' },
    { menu_item_id: 'dish-2', name: 'Second dish', quantity: 1, unit_price: 100 },
  ];
}

/** The totals of {@link newCart}. */
export function newTotals(): Totals {
  return { currency: 'USD', subtotal: 1000, delivery_fee: 300, total: 1300 };
}

/** The quote that `request` names, as Phase 2 would have written it: for the same customer, valid for another hour. */
export function newQuote(request: CheckoutRequest, changes: Partial<QuoteRecord> = {}): QuoteRecord {
  return {
    id: request.quote_id,
    fulfillment_method: request.fulfillment_method,
    totals: newTotals(),
    items_snapshot: newCart(),
    expires_at: anHourFromNow().toISOString(),
    store: { id: randomUUID(), ridendine_merchant_id: 'merchant-1' },
    customer: {
      id: request.customer_id,
      name: 'Customer One',
      phone: '+1 555 0100',
      email: 'customer-one@example.com',
    },
    ...changes,
  };
}

/** The checkout that follows from a sound DELIVERY and its quote. */
export function newCheckout(changes: Partial<Checkout> = {}): Checkout {
  return {
    quote_id: `quote-${randomUUID()}`,
    quote_expires_at: anHourFromNow().toISOString(),
    store_id: randomUUID(),
    merchant_id: 'merchant-1',
    customer: {
      id: randomUUID(),
      name: 'Customer One',
      phone: '+1 555 0100',
      email: 'customer-one@example.com',
    },
    fulfillment: { type: 'DELIVERY', address: '1 Example Street', lat: 10.5, lng: 106.25 },
    items: newCart(),
    totals: newTotals(),
    ...changes,
  };
}

export function anHourFromNow(): Date {
  return new Date(Date.now() + 60 * 60_000);
}
