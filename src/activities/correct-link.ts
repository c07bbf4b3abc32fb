import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import type { LinkCorrection } from '../contract/correction.ts';
import { hyphenatedUuid } from '../domain/checkout-request.ts';
import { faultsOfLinkCorrection, withoutBlanksAtEnds } from '../contract/updates.ts';
import { hasEnded, resultOf } from '../domain/order.ts';
import type { OrderCreationResult } from '../domain/order.ts';
import type { SupportAction } from '../domain/support-action.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { attemptTime } from './attempt.ts';
import { currentRunId } from './current-run.ts';
import { finalFailure } from './application-failures.ts';
import { requireFreeLink, requireLikelyLink, writeUnlessTaken } from './taken-values.ts';
import { requireOwnRun } from './validate-checkout.ts';

export interface LinkCorrectionActivities {
  /**
   * Writes other ids of RideNDine on a linked order, and records who corrected them, why, and the old ids. The order
   * status stays as it is, because a later phase may have taken the order on.
   *
   * @throws ApplicationFailure `OrderNeedsReview` if the key has no linked order or the order has ended;
   *   `CheckoutInvalid` if the correction is invalid, or the run's workflow id is not that of the key.
   */
  correctLink(correction: LinkCorrection): Promise<CorrectedLink>;
}

export interface CorrectedLink {
  /** The order with the ids that it has after this step. */
  result: OrderCreationResult;
  request_fingerprint: string | null;
  quote_id: string | null;
  customer_id: string | null;
  store_id: string | null;
  /** Why the order keeps its old ids; absent if it has the ids that were asked for. */
  refusal?: string;
}

export function correctLinkWith({ orders }: { orders: OrdersStore }): LinkCorrectionActivities['correctLink'] {
  return async (input) => {
    const correction = parseCorrection(input);
    requireOwnRun(correction.idempotency_key);
    const order = await orders.findOrderByKey(correction.idempotency_key);
    const result = order && resultOf(order);
    if (!order || !result || hasEnded(order.status)) {
      throw finalFailure(
        'OrderNeedsReview',
        'There is no linked order with this idempotency key, and so nothing to correct.',
      );
    }
    const { request_fingerprint, quote_id, customer_id, store_id } = order;
    return { ...(await corrected(orders, result, correction)), request_fingerprint, quote_id, customer_id, store_id };
  };
}

/** A person may have started the run by hand and typed anything. */
function parseCorrection(input: unknown): LinkCorrection {
  const fields = Object(input) as Record<string, unknown>;
  const key = hyphenatedUuid.safeParse(fields['idempotency_key']);
  const faults = faultsOfLinkCorrection(fields, (field) => `"${field}"`);
  if (!key.success) faults.push('"idempotency_key" has to be a UUID with hyphens.');
  if (faults.length > 0) throw finalFailure('CheckoutInvalid', faults.join(' '));
  return { ...withoutBlanksAtEnds(fields as unknown as LinkCorrection), idempotency_key: String(key.data) };
}

async function corrected(
  orders: OrdersStore,
  result: OrderCreationResult,
  { ridendine_order_id, payment_session_id, ids_checked, actor, reason }: LinkCorrection,
): Promise<Pick<CorrectedLink, 'result' | 'refusal'>> {
  const { order_id } = result;
  const from = { ridendine_order_id: result.ridendine_order_id, payment_session_id: result.payment_session_id };
  const to = { ridendine_order_id, payment_session_id };
  const supportAction: SupportAction = {
    id: currentRunId(),
    at: attemptTime().toISOString(),
    actor,
    action: 'correct-link',
    reason,
    replaced: from,
  };
  // An earlier attempt has written the new ids.
  if (isDeepStrictEqual(from, to)) return { result };
  try {
    if (ids_checked !== true) await requireLikelyLink(orders, to, { otherThan: order_id });
    await requireFreeLink(orders, order_id, to);
    const order = await writeUnlessTaken(
      () => orders.replaceLink(order_id, { from, to, supportAction }),
      () => requireFreeLink(orders, order_id, to),
    );
    const written = order && resultOf(order);
    return written ? { result: written } : { result, refusal: 'Somebody has changed the order meanwhile. Look again.' };
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'LinkConflict') throw error;
    return { result, refusal: error.message };
  }
}
