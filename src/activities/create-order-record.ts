import type { CheckoutRequest } from '../domain/checkout-request.ts';
import { orderCreationWorkflowId } from '../domain/order-creation.ts';
import { buildRideNDineRequest } from '../domain/ridendine-order.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { Checkout } from '../domain/checkout.ts';
import { deriveOrderId, deriveOrderItemId } from '../identity/order-ids.ts';
import { requestFingerprint } from '../identity/request-fingerprint.ts';
import { DirectusNotUniqueError } from '../integrations/directus/errors.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { directusFailure, finalFailure } from './failures.ts';
import type { OpenStanding, OrderCreationActivities } from './order-creation-activities.ts';
import type { PartnerDeadlines } from './partner-deadlines.ts';

export function createCreateOrderRecord({
  orders,
  deadlines,
}: {
  orders: OrdersStore;
  deadlines: PartnerDeadlines;
}): OrderCreationActivities['createOrderRecord'] {
  return async ({ request, standing }) => {
    const order = await liveOrder(orders, request, standing);
    if (order.ridendine_request === null) {
      throw finalFailure('OrderNeedsReview', 'The order in Directus lacks the stored request for RideNDine.');
    }
    const isContinued = standing.standing === 'unlinked' || standing.standing === 'in-review';
    return {
      order_id: order.id,
      quote_id: request.quote_id,
      ridendine_request: order.ridendine_request,
      maybe_sent_before: isContinued,
      ...deadlines(order.date_created, isContinued ? undefined : standing.checkout.quote_expires_at),
    };
  };
}

async function liveOrder(orders: OrdersStore, request: CheckoutRequest, standing: OpenStanding): Promise<StoredOrder> {
  try {
    switch (standing.standing) {
      case 'new':
        return await createOnce(orders, request, standing.checkout);
      case 'failed':
        return await reopen(orders, standing.order, standing.checkout.quote_id);
      case 'unlinked':
      case 'in-review':
        return standing.order;
    }
  } catch (error) {
    throw directusFailure(error, 'give-up');
  }
}

/**
 * After an attempt of unknown end the order is written again, not looked for: a look-up may come before the first
 * attempt's commit. If the database then says that something is taken, the rows tell what.
 */
async function createOnce(orders: OrdersStore, request: CheckoutRequest, checkout: Checkout): Promise<StoredOrder> {
  const id = deriveOrderId(request.idempotency_key);
  const fingerprint = requestFingerprint(request);
  try {
    return await orders.createOrder({
      id,
      itemIds: checkout.items.map((_, index) => deriveOrderItemId(id, index)),
      request,
      fingerprint,
      checkout,
      ridendineRequest: buildRideNDineRequest(id, checkout),
      workflowId: orderCreationWorkflowId(request.idempotency_key),
    });
  } catch (error) {
    if (!(error instanceof DirectusNotUniqueError)) throw error;
  }
  const existing = await orders.findOrderByKey(request.idempotency_key);
  if (!existing) throw quoteAlreadyUsed();
  if (existing.request_fingerprint !== fingerprint) {
    throw finalFailure('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
  }
  return existing;
}

async function reopen(orders: OrdersStore, order: StoredOrder, quoteId: string): Promise<StoredOrder> {
  try {
    const reopened = await orders.changeStatus(order.id, {
      status: 'PENDING_PAYMENT',
      activeQuoteId: quoteId,
      failureCode: null,
      failureReason: null,
    });
    if (reopened) return reopened;
  } catch (error) {
    if (error instanceof DirectusNotUniqueError) throw quoteAlreadyUsed();
    throw error;
  }
  throw finalFailure('OrderNeedsReview', 'The failed order was removed or taken on by a later phase.');
}

function quoteAlreadyUsed() {
  return finalFailure('QuoteAlreadyUsed', 'Another live order was made from the quote.');
}
