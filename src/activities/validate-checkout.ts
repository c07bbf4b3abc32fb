import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { checkCheckout } from '../domain/checkout.ts';
import type { Checkout } from '../domain/checkout.ts';
import type { CheckoutRequest } from '../domain/checkout-request.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { isFailureCode } from '../domain/failure-codes.ts';
import { isContinuation, orderCreationWorkflowId } from '../domain/order-creation.ts';
import type { OrderContinuation, OrderCreationInput } from '../domain/order-creation.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { QuoteRecord } from '../domain/quote.ts';
import { readCheckoutRequest } from '../domain/read-checkout-request.ts';
import { deriveOrderId } from '../identity/order-ids.ts';
import { requestFingerprint } from '../identity/request-fingerprint.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { attemptTime } from './clock.ts';
import { TEMPORAL_UNAVAILABLE, checkoutFailure, directusFailure, finalFailure } from './failures.ts';
import type {
  CheckoutStanding,
  EndedStanding,
  OpenStanding,
  OrderCreationActivities,
  SupportLinks,
} from './order-creation-activities.ts';
import type { OrderRuns } from './order-runs.ts';
import { standingOf } from './order-standing.ts';
import { currentRunId } from './current-run.ts';

const continuationSchema: z.ZodType<OrderContinuation> = z.strictObject({
  idempotency_key: hyphenatedUuid,
  continue_order: z.literal(true),
});

/** Without what is the same of every standing. */
type Unidentified<Standing> = Standing extends unknown ? Omit<Standing, 'run_id' | 'order_id'> : never;

interface Sources {
  orders: OrdersStore;
  runs: Pick<OrderRuns, 'findEnd'>;
}

export function createValidateCheckout({
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
  const { order, requireQuote } = await readRecords(orders, request);
  const request_fingerprint = requestFingerprint(request);
  const soundCheckout = () => requireSoundCheckout(request, requireQuote());
  const found = {
    run_id: currentRunId(),
    order_id: deriveOrderId(request.idempotency_key),
    request_fingerprint,
  };
  if (!order) return { ...found, kind: 'new', checkout: soundCheckout() };
  if (isLeftByThisRun(order)) return { ...found, ...standingOfOwn(soundCheckout) };

  if (order.request_fingerprint !== request_fingerprint) {
    throw finalFailure('IdempotencyKeyReused', 'The idempotency key belongs to another checkout.');
  }
  const standing = standingOf(order);
  switch (standing.kind) {
    case 'linked':
      return { ...standing, request_fingerprint };
    case 'failed':
      return { ...found, kind: 'failed', checkout: soundCheckout() };
    case 'unfinished':
      return {
        ...found,
        ...((await endOfItsRun(order, runs)) ?? { kind: 'unfinished', store_id: order.store_id }),
      };
  }
}

/** No rules and no quote: they were kept when the order was made. */
async function standingOfContinuation(
  { orders, runs }: Sources,
  { idempotency_key }: OrderContinuation,
): Promise<CheckoutStanding> {
  const order = await orders.findOrderByKey(idempotency_key).catch((error: unknown) => {
    throw directusFailure(error, 'give-up');
  });
  if (order?.request_fingerprint == null) {
    throw finalFailure('OrderNeedsReview', 'There is no order with this idempotency key to continue.');
  }
  const { request_fingerprint, store_id } = order;
  const found = { run_id: currentRunId(), order_id: order.id, request_fingerprint };
  const standing = standingOf(order);
  switch (standing.kind) {
    case 'linked':
      return { ...standing, request_fingerprint };
    case 'failed':
      throw endedMeanwhile(order);
    case 'unfinished':
      return { ...found, ...((await endOfItsRun(order, runs)) ?? { kind: 'unfinished', store_id }) };
  }
}

/** Written by an attempt that died with its workflow task: nothing in the run's history tells of it, so nothing was sent. */
export function isLeftByThisRun({ status, workflow_run_id, date_updated }: StoredOrder): boolean {
  return status === 'PENDING_PAYMENT' && workflow_run_id === currentRunId() && date_updated === null;
}

/** It is written once more, which changes nothing. If that may not be any more, it is to be told first. */
function standingOfOwn(soundCheckout: () => Checkout): Unidentified<OpenStanding | EndedStanding> {
  try {
    return { kind: 'new', checkout: soundCheckout() };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || !error.nonRetryable || !isFailureCode(error.type)) throw error;
    return { kind: 'ended', status: 'FAILED', failure_code: error.type };
  }
}

/**
 * How the run closed that wrote the order, if the order does not say so: a worker died as it wrote, and the run came to its
 * end without knowing. A run that knows its order changes it before it fails or is cancelled, so that nobody needs to be
 * asked about one that was changed since it was written.
 */
export async function endOfItsRun(
  { status, idempotency_key, workflow_run_id, date_updated }: StoredOrder,
  runs: Sources['runs'],
): Promise<Unidentified<EndedStanding> | null> {
  if (status !== 'PENDING_PAYMENT' || date_updated !== null || workflow_run_id === null) return null;
  const run = { workflowId: orderCreationWorkflowId(idempotency_key), runId: workflow_run_id };
  try {
    const end = await runs.findEnd(run, { askedBy: currentRunId() });
    return end && { kind: 'ended', ...end };
  } catch {
    const message = 'Temporal did not say how the run ended that wrote the order.';
    throw ApplicationFailure.create({ type: TEMPORAL_UNAVAILABLE, message });
  }
}

/** Its run was there after all, and had the last word. */
function endedMeanwhile({ failure_code }: StoredOrder): ApplicationFailure {
  const code = isFailureCode(failure_code) ? failure_code : 'OrderNeedsReview';
  return finalFailure(code, 'The order has failed. Directus tells why.');
}

/** One run at a time for a key: the server sees to it by the workflow's id, and only by that. */
export function requireOwnRun(idempotencyKey: string): void {
  const workflowId = orderCreationWorkflowId(idempotencyKey);
  if (activityInfo().workflowExecution?.workflowId === workflowId) return;
  const detail = 'The run was started under another workflow id than that of its idempotency key.';
  throw checkoutFailure([{ code: 'CheckoutInvalid', field: 'idempotency_key', detail }]);
}

/** A run may also be started by hand in the Temporal UI, where nobody has parsed the request. */
export function parseInput(input: unknown): OrderCreationInput {
  const continuation = continuationSchema.safeParse(input);
  if (continuation.success) return continuation.data;
  const read = readCheckoutRequest(input, { answered: false });
  if (read.ok) return read.request;
  throw checkoutFailure(read.problems);
}

/**
 * Side by side: the customer waits for one round trip, not for two. A quote that can't be read is no reason to fail
 * before it is needed: of an order that exists the ids may be all that is asked for.
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
