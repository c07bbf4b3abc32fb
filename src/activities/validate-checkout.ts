import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { checkCheckout } from '../domain/checkout.ts';
import type { Checkout } from '../domain/checkout.ts';
import type { CheckoutRequest } from '../domain/checkout-request.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { isFailureCode } from '../domain/failures.ts';
import { isContinuation, orderCreationWorkflowId } from '../contract/runs.ts';
import type { OrderContinuation, OrderCreationInput } from '../contract/runs.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { QuoteRecord } from '../domain/quote.ts';
import { readCheckoutRequest } from '../domain/read-checkout-request.ts';
import { deriveOrderId } from '../domain/order-ids.ts';
import { requestFingerprint } from '../domain/request-fingerprint.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { attemptTime } from './attempt.ts';
import { checkoutFailure, directusFailure, finalFailure } from './application-failures.ts';
import { endLeftOrder, isLeftByThisRun, settleLeftOrder } from './left-order.ts';
import type { CheckoutStanding, OrderCreationActivities, SupportLinks } from './order-creation-activities.ts';
import type { OrderRuns } from './order-runs.ts';
import { standingOf } from './order-standing.ts';
import { currentRunId } from './current-run.ts';

const continuationSchema: z.ZodType<OrderContinuation> = z.strictObject({
  idempotency_key: hyphenatedUuid,
  continue_order: z.literal(true),
});

/** Where the steps learn what has become of a checkout. */
export interface Sources {
  orders: OrdersStore;
  runs: Pick<OrderRuns, 'findFailure'>;
}

export function validateCheckoutWith({
  orders,
  runs,
  linksTo,
}: Sources & { linksTo: (orderId: string) => SupportLinks }): OrderCreationActivities['validateCheckout'] {
  return async (input) => {
    const request = parseInput(input);
    requireOwnRun(request.idempotency_key);
    const standing = isContinuation(request)
      ? await standingOfContinuation({ orders, runs }, request)
      : await standingOfCheckout({ orders, runs }, request);
    const { order_id } = standing.kind === 'linked' ? standing.result : standing;
    return { ...standing, links: linksTo(order_id) };
  };
}

async function standingOfCheckout({ orders, runs }: Sources, request: CheckoutRequest): Promise<CheckoutStanding> {
  const { order: left, requireQuote } = await readRecords(orders, request);
  const request_fingerprint = requestFingerprint(request);
  const soundCheckout = () => requireSoundCheckout(request, requireQuote());
  const found = {
    run_id: currentRunId(),
    order_id: deriveOrderId(request.idempotency_key),
    request_fingerprint,
  };
  if (!left) return { ...found, kind: 'new', checkout: soundCheckout() };
  if (isLeftByThisRun(left)) {
    // The order counts as new, because writing it again changes nothing.
    return { ...found, kind: 'new', checkout: await orEndLeftOrder(left, orders, soundCheckout) };
  }
  if (left.request_fingerprint !== request_fingerprint) {
    throw finalFailure('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
  }
  const order = await settleLeftOrder(left, { orders, runs });
  const standing = standingOf(order);
  switch (standing.kind) {
    case 'linked':
      return { ...standing, request_fingerprint };
    case 'failed':
      return { ...found, kind: 'failed', checkout: soundCheckout() };
    case 'unfinished':
      return { ...found, kind: 'unfinished', store_id: order.store_id };
  }
}

/** Checks no rules and reads no quote: the rules were checked when the order was made. */
async function standingOfContinuation(
  { orders, runs }: Sources,
  { idempotency_key }: OrderContinuation,
): Promise<CheckoutStanding> {
  const left = await orders.findOrderByKey(idempotency_key);
  if (left?.request_fingerprint == null) {
    throw finalFailure('OrderNeedsReview', 'There is no order with this idempotency key to continue.');
  }
  const order = await settleLeftOrder(left, { orders, runs });
  const { request_fingerprint } = left;
  const standing = standingOf(order);
  switch (standing.kind) {
    case 'linked':
      return { ...standing, request_fingerprint };
    case 'failed':
      throw endedMeanwhile(order);
    case 'unfinished':
      return {
        run_id: currentRunId(),
        order_id: order.id,
        request_fingerprint,
        kind: 'unfinished',
        store_id: order.store_id,
      };
  }
}

/** If the checkout rules no longer hold, the order fails before the run does. */
async function orEndLeftOrder(
  order: StoredOrder,
  orders: OrdersStore,
  soundCheckout: () => Checkout,
): Promise<Checkout> {
  try {
    return soundCheckout();
  } catch (error) {
    if (error instanceof ApplicationFailure && error.nonRetryable && isFailureCode(error.type)) {
      await endLeftOrder(order, error.type, orders);
    }
    throw error;
  }
}

/** The order that was to be continued has failed. The continuation fails with the order's failure code. */
function endedMeanwhile({ failure_code }: StoredOrder): ApplicationFailure {
  const code = isFailureCode(failure_code) ? failure_code : 'OrderNeedsReview';
  return finalFailure(code, 'The order has failed. Directus tells why.');
}

/** A key has one run at a time. The server ensures that by the workflow id alone, which must be that of the key. */
export function requireOwnRun(idempotencyKey: string): void {
  const workflowId = orderCreationWorkflowId(idempotencyKey);
  if (activityInfo().workflowExecution?.workflowId === workflowId) return;
  const detail = 'The run was started under another workflow id than that of its idempotency key.';
  throw checkoutFailure([{ code: 'CheckoutInvalid', field: 'idempotency_key', detail }]);
}

/** Parses a run's input. A person may start a run by hand in the Temporal UI, where nobody parses the request. */
export function parseInput(input: unknown): OrderCreationInput {
  const continuation = continuationSchema.safeParse(input);
  if (continuation.success) return continuation.data;
  const read = readCheckoutRequest(input, { answered: false });
  if (read.ok) return read.request;
  throw checkoutFailure(read.problems);
}

/**
 * Reads order and quote at the same time, so that the customer waits for one round trip, not for two. If the quote
 * can't be read, this fails only when the quote is needed: an order that is linked already needs no quote.
 */
async function readRecords(orders: OrdersStore, request: CheckoutRequest) {
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
