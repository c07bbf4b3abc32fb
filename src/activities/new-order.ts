import type { Checkout } from '../domain/checkout.ts';
import { checkoutRequestSchema } from '../domain/checkout-request.ts';
import { orderCreationWorkflowId } from '../contract/runs.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import { deriveOrderId, deriveOrderItemId } from '../domain/order-ids.ts';
import { requestFingerprint } from '../domain/request-fingerprint.ts';
import type { NewOrder } from '../integrations/directus/order-rows.ts';
import type { Partner } from '../integrations/partner.ts';

/** Builds the order of a checkout. Repeated calls give the same rows and the same body for RideNDine. */
export function newOrder(
  input: OrderCreationInput,
  { checkout, runId, partner }: { checkout: Checkout; runId: string; partner: Pick<Partner, 'orderBody'> },
): NewOrder {
  // The run passes its input on unparsed. This parses the input in the same way as the check of the checkout did.
  const request = checkoutRequestSchema.parse(input);
  const id = deriveOrderId(request.idempotency_key);
  return {
    id,
    itemIds: checkout.items.map((_, index) => deriveOrderItemId(id, index)),
    request,
    fingerprint: requestFingerprint(request),
    checkout,
    ridendineRequest: partner.orderBody(id, checkout),
    workflowId: orderCreationWorkflowId(request.idempotency_key),
    runId,
  };
}
