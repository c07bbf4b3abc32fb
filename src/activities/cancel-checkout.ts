import { ApplicationFailure } from '@temporalio/common';
import { isContinuation, orderCreationWorkflowId } from '../contract/runs.ts';
import { resultOf } from '../domain/order.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { SupportAction } from '../domain/support-action.ts';
import { deriveOrderId } from '../domain/order-ids.ts';
import { requestFingerprint } from '../domain/request-fingerprint.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { CheckoutRequest } from '../domain/checkout-request.ts';
import { currentRunId } from './current-run.ts';
import { finalFailure } from './application-failures.ts';
import { isLeftByThisRun, settleLeftOrder } from './left-order.ts';
import type { CancelledCheckout, OrderCreationActivities, SupportLinks } from './order-creation-activities.ts';
import { standingOf } from './order-standing.ts';
import { writeUnlessTaken } from './taken-values.ts';
import { parseInput, requireOwnRun } from './validate-checkout.ts';
import type { Sources } from './validate-checkout.ts';

export function cancelCheckoutWith({
  orders,
  runs,
  linksTo,
}: Sources & { linksTo: (orderId: string) => SupportLinks }): OrderCreationActivities['cancelCheckout'] {
  return async ({ request: input, support_action }) => {
    const request = parseInput(input);
    requireOwnRun(request.idempotency_key);
    const checkout = isContinuation(request) ? undefined : request;
    const cancelKnown = async (): Promise<CancelledCheckout | undefined> => {
      const order = await orders.findOrderByKey(request.idempotency_key);
      return order ? await cancelOrder({ orders, runs }, order, support_action, checkout) : undefined;
    };
    const standing =
      (await cancelKnown()) ??
      (await writeUnlessTaken(() => recordCancelled(orders, checkout, support_action), cancelKnown));
    const { order_id } = standing.kind === 'linked' ? standing.result : standing;
    return { ...standing, links: linksTo(order_id) };
  };
}

/** There is no order under the key yet. Writes a row with `CANCELLED`, so that no order can be made with the key. */
async function recordCancelled(
  orders: OrdersStore,
  request: CheckoutRequest | undefined,
  supportAction: SupportAction | undefined,
): Promise<CancelledCheckout> {
  if (!request) throw finalFailure('OrderNeedsReview', 'There is no order with this idempotency key to continue.');
  const order_id = deriveOrderId(request.idempotency_key);
  const fingerprint = requestFingerprint(request);
  const run_id = currentRunId();
  await orders.recordCancelled({
    id: order_id,
    request,
    fingerprint,
    workflowId: orderCreationWorkflowId(request.idempotency_key),
    runId: run_id,
    supportAction,
  });
  return { kind: 'cancelled', run_id, order_id, request_fingerprint: fingerprint };
}

async function cancelOrder(
  { orders, runs }: Sources,
  found: StoredOrder,
  supportAction: SupportAction | undefined,
  request: CheckoutRequest | undefined,
): Promise<CancelledCheckout> {
  const { request_fingerprint } = found;
  if (request_fingerprint === null || (request && request_fingerprint !== requestFingerprint(request))) {
    throw finalFailure('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
  }
  const order = await settleLeftOrder(found, { orders, runs });
  const run_id = currentRunId();
  const cancelled = { kind: 'cancelled', run_id, order_id: order.id, request_fingerprint } as const;
  const change = { status: 'CANCELLED', failureCode: null, failureReason: null, supportAction } as const;
  if (order.status === 'CANCELLED' && !resultOf(order)) {
    await orders.changeStatus(order.id, change);
    return cancelled;
  }
  const standing = standingOf(order);
  if (standing.kind === 'linked') return { ...standing, request_fingerprint };
  if (standing.kind !== 'failed' && !isLeftByThisRun(order)) {
    return { kind: 'unfinished', run_id, order_id: order.id, store_id: order.store_id, request_fingerprint };
  }
  if (await orders.changeStatus(order.id, { ...change, onlyIfUnlinked: true })) return cancelled;
  throw ApplicationFailure.create({
    type: 'DirectusUnavailable',
    message: 'Somebody else has changed the order meanwhile. The step reads it again.',
  });
}
