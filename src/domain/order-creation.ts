import type { FailureCode } from './failure-codes.ts';

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

const keyword = <Name extends string>(name: Name) => ({ name, type: 'KEYWORD' }) as const;

/** Search attributes of a run. They are stored in clear: no personal data in any of them. */
export const searchAttributes = {
  orderId: keyword('CoocoOrderId'),
  quoteId: keyword('CoocoQuoteId'),
  customerId: keyword('CoocoCustomerId'),
  storeId: keyword('CoocoStoreId'),
  ridendineOrderId: keyword('RideNDineOrderId'),
  stage: keyword('OrderCreationStage'),
  failureCode: keyword('OrderFailureCode'),
} as const;

/** Memo field of a run: the fingerprint of its request, by which a caller with the same key is recognised. */
export const REQUEST_FINGERPRINT_MEMO = 'request_fingerprint';

/** Answer of the query `orderCreationState`, during a run and after its end. Ids appear as they become known. */
export interface OrderCreationState {
  stage: OrderCreationStage;
  order_id?: string;
  ridendine_order_id?: string;
  payment_session_id?: string;
  /** Why the run failed or waits for support staff; one sentence without personal data. */
  failure?: { code: FailureCode; reason: string };
}
