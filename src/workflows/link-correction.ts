import {
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
import {
  LONGEST_KEYWORD,
  ORDER_CREATION_STATE_QUERY,
  REQUEST_FINGERPRINT_MEMO,
  searchAttributes,
} from '../contract/runs.ts';
import { untilMarked } from './policies.ts';
import { runFailure, readStepFailure } from './step-failure.ts';

const { correctLink } = proxyActivities<LinkCorrectionActivities>({
  ...untilMarked,
  summary: 'Correct the RideNDine ids on the order',
});

const orderCreationState = defineQuery<OrderCreationState>(ORDER_CREATION_STATE_QUERY);

/**
 * Gives a linked order other ids of RideNDine. It is a run of the order's own workflow id, so that whoever asks by the
 * idempotency key gets the corrected ids from then on, and never while another run of the order is open. Where they are
 * refused it completes with the ids that the order has, and says why.
 */
export async function linkCorrection(correction: LinkCorrection): Promise<LinkCorrectionResult> {
  const { result, request_fingerprint, refusal } = await correctLink(correction).catch((error: unknown) => {
    throw runFailure(readStepFailure(error, 'DirectusUnavailable'));
  });
  const { order_id, ridendine_order_id, payment_session_id } = result;
  // By which callers who show the key are told from others.
  if (request_fingerprint !== null) upsertMemo({ [REQUEST_FINGERPRINT_MEMO]: request_fingerprint });
  upsertSearchAttributes([
    { key: searchAttributes.stage, value: 'LINKED' },
    { key: searchAttributes.orderId, value: order_id },
    ...(ridendine_order_id.length <= LONGEST_KEYWORD
      ? [{ key: searchAttributes.ridendineOrderId, value: ridendine_order_id }]
      : []),
  ]);
  setHandler(orderCreationState, () => ({ stage: 'LINKED', order_id, ridendine_order_id, payment_session_id }));
  setCurrentDetails(
    refusal === undefined
      ? '### Done: the link was corrected\n\nThe order in Directus says who corrected it, why, and what it was.'
      : `### The link was not corrected\n\n${refusal}`,
  );
  return { ...result, ...(refusal !== undefined && { refusal }) };
}
