import type { Checkout } from '../domain/checkout.ts';
import { checkoutRequestSchema } from '../domain/checkout-request.ts';
import { orderCreationWorkflowId } from '../contract/runs.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import { deriveOrderId, deriveOrderItemId } from '../domain/order-ids.ts';
import { requestFingerprint } from '../domain/request-fingerprint.ts';
import type { NewOrder } from '../integrations/directus/order-rows.ts';
import type { Partner } from '../integrations/partner.ts';

/** The order that a checkout becomes: the same rows and the same body for RideNDine, however often it is made. */
export function newOrder(
  input: OrderCreationInput,
  { checkout, runId, partner }: { checkout: Checkout; runId: string; partner: Pick<Partner, 'orderBody'> },
): NewOrder {
  // As it was parsed when it was checked: the run's own input has passed through nobody's hands.
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
