import {
  CancellationScope,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { LinkCorrectionActivities } from '../activities/correct-link.ts';
import type { LinkCorrection, LinkCorrectionResult } from '../contract/correction.ts';
import type { OrderCreationState } from '../contract/runs.ts';
import { ORDER_CREATION_STATE_QUERY, REQUEST_FINGERPRINT_MEMO, isKeyword, searchAttributes } from '../contract/runs.ts';
import { untilMarked } from './policies.ts';
import { runFailure, readStepFailure } from './step-failure.ts';

const { correctLink } = proxyActivities<LinkCorrectionActivities>({
  ...untilMarked,
  summary: 'Correct the RideNDine ids on the order',
});

const orderCreationState = defineQuery<OrderCreationState>(ORDER_CREATION_STATE_QUERY);

/**
 * Gives a linked order other ids of RideNDine. The run has the order's own workflow id. So callers who ask with the
 * idempotency key get the corrected ids once the run has completed, and no other run of the order is open meanwhile. If
 * the ids are refused, the run completes with the ids that the order has, and `refusal` says why.
 *
 * The run can't be cancelled, because nobody would know then what Directus has stored. If the order is not linked, the
 * run fails; a failed correction does not change what callers get for the key.
 */
export async function linkCorrection(correction: LinkCorrection): Promise<LinkCorrectionResult> {
  const corrected = await CancellationScope.nonCancellable(() => correctLink(correction)).catch((error: unknown) => {
    throw runFailure(readStepFailure(error, 'DirectusUnavailable'));
  });
  const { result, refusal, request_fingerprint } = corrected;
  const { order_id, ridendine_order_id, payment_session_id } = result;
  // With the fingerprint, the client recognises callers who send the key with the same checkout.
  if (request_fingerprint !== null) upsertMemo({ [REQUEST_FINGERPRINT_MEMO]: request_fingerprint });
  const found = [
    { key: searchAttributes.stage, value: 'LINKED' },
    { key: searchAttributes.orderId, value: order_id },
    { key: searchAttributes.quoteId, value: corrected.quote_id },
    { key: searchAttributes.customerId, value: corrected.customer_id },
    { key: searchAttributes.storeId, value: corrected.store_id },
    { key: searchAttributes.ridendineOrderId, value: ridendine_order_id },
  ];
  upsertSearchAttributes(found.map(({ key, value }) => ({ key, value: isKeyword(value) ? value : null })));
  setHandler(orderCreationState, () => ({ stage: 'LINKED', order_id, ridendine_order_id, payment_session_id }));
  setCurrentDetails(
    refusal === undefined
      ? '### Done: the link was corrected\n\nThe order in Directus says who corrected it, why, and what it was.'
      : `### The link was not corrected\n\n${refusal}`,
  );
  return { ...result, ...(refusal !== undefined && { refusal }) };
}
