import type { Checkout } from '../domain/checkout.ts';
import { isFailureCode } from '../domain/failures.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { Partner } from '../integrations/partner.ts';
import { finalFailure, requireActivity } from './application-failures.ts';
import { newOrder } from './new-order.ts';
import type { OpenStanding, OrderCreationActivities, OrderRecord } from './order-creation-activities.ts';
import { orderDeadlines } from './order-deadlines.ts';
import type { OrderDeadlineSettings } from './order-deadlines.ts';
import { requireUnfinished, standingOf } from './order-standing.ts';
import { currentRunId } from './current-run.ts';
import { requireFreeQuote, writeUnlessTaken } from './taken-values.ts';

interface Records {
  orders: OrdersStore;
  partner: Pick<Partner, 'orderBody'>;
}

export function createOrderRecordWith({
  orders,
  partner,
  deadlines,
  partnerTaskQueue,
}: Records & {
  deadlines: OrderDeadlineSettings;
  /** Task queue of the calls to RideNDine, if they have their own. The run's history keeps it, like the deadlines. */
  partnerTaskQueue?: string | undefined;
}): OrderCreationActivities['createOrderRecord'] {
  return async ({ request, standing }) => {
    const order = requireUnfinished(await liveOrder({ orders, partner }, request, standing));
    if (order.ridendine_request === null) {
      throw finalFailure('OrderNeedsReview', 'The order in Directus lacks the stored request for RideNDine.');
    }
    const runId = currentRunId();
    // After a reset by an operator, `standing` comes from another run, which may have sent the order to RideNDine.
    const isUnsent = standing.run_id === runId && standing.kind !== 'unfinished';
    return {
      run_id: runId,
      order_id: order.id,
      ridendine_request: order.ridendine_request,
      review: reviewOf(order),
      maybe_sent_before: !isUnsent,
      ...orderDeadlines(deadlines, order.date_created, isUnsent ? standing.checkout.quote_expires_at : undefined),
      ...(partnerTaskQueue !== undefined && { partner_task_queue: partnerTaskQueue }),
    };
  };
}

function reviewOf({ status, failure_code, failure_reason }: StoredOrder): OrderRecord['review'] {
  if (status !== 'NEEDS_REVIEW') return null;
  return {
    code: isFailureCode(failure_code) ? failure_code : 'RideNDineUnavailable',
    reason: failure_reason ?? 'An earlier run ended while the order waited for support staff.',
  };
}

async function liveOrder(
  records: Records,
  request: OrderCreationInput,
  standing: OpenStanding,
): Promise<StoredOrder | null> {
  switch (standing.kind) {
    case 'new':
      return await createOnce(records, request, standing.checkout);
    case 'failed':
      return await reopen(records.orders, standing.order_id, standing.checkout);
    case 'unfinished':
      return await takeOver(records.orders, standing.order_id);
  }
}

/**
 * Writes the order without looking first whether an earlier attempt has written it: a look-up may come before the
 * earlier attempt's commit. If the database reports that a value is taken, the rows tell what that means.
 */
async function createOnce(
  { orders, partner }: Records,
  request: OrderCreationInput,
  checkout: Checkout,
): Promise<StoredOrder> {
  const order = newOrder(request, { checkout, runId: currentRunId(), partner });
  return await writeUnlessTaken(
    () => orders.createOrder(order),
    async () => {
      const existing = await orders.findOrderByKey(order.request.idempotency_key);
      if (!existing) return await requireFreeQuote(orders, claimOf(order.id, checkout));
      if (existing.request_fingerprint !== order.fingerprint) {
        throw finalFailure('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
      }
      const isOwn = existing.workflow_run_id === order.runId;
      if (isOwn || existing.status !== 'PENDING_PAYMENT' || standingOf(existing).kind !== 'unfinished') return existing;
      // An earlier run's write has come late. Reopening puts this run's id on the order, which then no longer ends as
      // the earlier run did.
      return await reopen(orders, existing.id, checkout);
    },
  );
}

/** Writes this run's id on the order, so that the order leads support staff to the run that carries it. */
async function takeOver(orders: OrdersStore, orderId: string): Promise<StoredOrder | null> {
  return (await orders.takeOver(orderId, currentRunId())) ?? (await orders.findOrderById(orderId));
}

async function reopen(orders: OrdersStore, orderId: string, checkout: Checkout): Promise<StoredOrder> {
  requireActivity();
  const reopened = await writeUnlessTaken(
    () => orders.reopen(orderId, { quoteId: checkout.quote_id, runId: currentRunId() }),
    () => requireFreeQuote(orders, claimOf(orderId, checkout)),
  );
  if (reopened) return reopened;
  throw finalFailure('OrderNeedsReview', 'The failed order was removed or taken on by somebody else.');
}

function claimOf(orderId: string, { quote_id, customer }: Checkout) {
  return { orderId, quoteId: quote_id, customerId: customer.id };
}
