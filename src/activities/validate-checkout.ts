import { checkCheckout } from '../domain/checkout.ts';
import type { Checkout } from '../domain/checkout.ts';
import type { CheckoutRequest } from '../domain/checkout-request.ts';
import { checkoutRequestSchema } from '../domain/checkout-request.ts';
import { resultOf } from '../domain/order.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { QuoteRecord } from '../domain/quote.ts';
import { deriveOrderId } from '../identity/order-ids.ts';
import { requestFingerprint } from '../identity/request-fingerprint.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { attemptTime } from './clock.ts';
import { checkoutFailure, directusFailure, finalFailure } from './failures.ts';
import type { CheckoutStanding, OrderCreationActivities } from './order-creation-activities.ts';

export function createValidateCheckout({
  orders,
}: {
  orders: OrdersStore;
}): OrderCreationActivities['validateCheckout'] {
  return async (input) => {
    const request = parseRequest(input);
    const { order, requireQuote } = await read(orders, request);
    const soundCheckout = () => requireSoundCheckout(request, requireQuote());
    if (!order) {
      const orderId = deriveOrderId(request.idempotency_key);
      return { standing: 'new', order_id: orderId, checkout: soundCheckout() };
    }

    if (order.request_fingerprint !== requestFingerprint(request)) {
      throw finalFailure('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
    }
    return standingOf(order, soundCheckout);
  };
}

/** A run may also be started by hand in the Temporal UI, where nobody has parsed the request. */
function parseRequest(input: unknown): CheckoutRequest {
  const parsed = checkoutRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw checkoutFailure(
    parsed.error.issues.map((issue) => ({
      code: 'CheckoutInvalid',
      field: issue.path.join('.') || 'request',
      detail: 'Missing, unknown or not of the expected form.',
    })),
  );
}

/**
 * Side by side: the customer waits for one round trip, not for two. A quote that can't be read is no reason to fail
 * before it is needed: of an order that exists the ids may be all that is asked for.
 */
async function read(orders: OrdersStore, request: CheckoutRequest) {
  const [order, quote] = await Promise.allSettled([
    orders.findOrderByKey(request.idempotency_key),
    orders.findQuote(request.quote_id),
  ]);
  return { order: valueOf(order), requireQuote: () => valueOf(quote) };
}

function valueOf<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'fulfilled') return result.value;
  throw directusFailure(result.reason, 'give-up');
}

function requireSoundCheckout(request: CheckoutRequest, quote: QuoteRecord | null): Checkout {
  const checked = checkCheckout(request, quote, attemptTime());
  if (checked.ok) return checked.checkout;
  throw checkoutFailure(checked.problems);
}

function standingOf(order: StoredOrder, soundCheckout: () => Checkout): CheckoutStanding {
  const result = resultOf(order);
  if (result) return { standing: 'linked', result };
  switch (order.status) {
    case 'PENDING_PAYMENT':
      return { standing: 'unlinked', order_id: order.id, order };
    case 'NEEDS_REVIEW':
      return { standing: 'in-review', order_id: order.id, order };
    case 'CANCELLED':
      throw finalFailure('OrderCancelled', 'The order of this checkout was cancelled.');
    case 'FAILED':
      // Abandoned by support staff: that was meant to be the end of it.
      if (order.failure_code === 'OrderNeedsReview') {
        throw finalFailure('OrderNeedsReview', 'Support staff abandoned the order of this checkout.');
      }
      return { standing: 'failed', order_id: order.id, checkout: soundCheckout(), order };
    default:
      // A later phase has it, and yet it is not linked: nothing that this phase may judge or overwrite.
      throw finalFailure('OrderNeedsReview', 'The order is in a later phase without being linked to RideNDine.');
  }
}
