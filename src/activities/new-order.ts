import type { Checkout } from '../domain/checkout.ts';
import { checkoutRequestSchema } from '../domain/checkout-request.ts';
import { orderCreationWorkflowId } from '../domain/order-creation.ts';
import type { OrderCreationInput } from '../domain/order-creation.ts';
import { deriveOrderId, deriveOrderItemId } from '../identity/order-ids.ts';
import { requestFingerprint } from '../identity/request-fingerprint.ts';
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
