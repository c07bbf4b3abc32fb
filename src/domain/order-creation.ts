/** The names by which the process is known to callers, operators and the Temporal UI. None is ever renamed. */
export const ORDER_CREATION_WORKFLOW = 'orderCreation';
export const ORDER_CREATION_TASK_QUEUE = 'order-creation';

/** One checkout, one workflow: the id makes the server refuse a second run beside the first. */
export function orderCreationWorkflowId(idempotencyKey: string): string {
  return `order-creation-${idempotencyKey}`;
}

/** How far an order creation has come; search attribute `OrderCreationStage`. */
export const orderCreationStages = [
  'VALIDATING',
  'CREATING_RECORD',
  'CREATING_RIDENDINE_ORDER',
  'SAVING_LINK',
  'LINKED',
  'NEEDS_REVIEW',
  'FAILED',
  'CANCELLED',
] as const;
export type OrderCreationStage = (typeof orderCreationStages)[number];

/** Search attributes of a run, all of type Keyword. They are stored in clear: no personal data in any of them. */
export const searchAttributeNames = {
  orderId: 'CoocoOrderId',
  quoteId: 'CoocoQuoteId',
  customerId: 'CoocoCustomerId',
  storeId: 'CoocoStoreId',
  ridendineOrderId: 'RideNDineOrderId',
  stage: 'OrderCreationStage',
  failureCode: 'OrderFailureCode',
} as const;

/** Memo field of a run: the fingerprint of its request, by which a caller with the same key is recognised. */
export const REQUEST_FINGERPRINT_MEMO = 'request_fingerprint';
