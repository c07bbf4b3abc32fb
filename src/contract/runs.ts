import type { CheckoutRequest } from '../domain/checkout-request.ts';
import type { FailureCode } from '../domain/failures.ts';

/** Names that callers, operators and the Temporal UI use. They must never be renamed. */
export const ORDER_CREATION_WORKFLOW = 'orderCreation';
export const ORDER_CREATION_TASK_QUEUE = 'order-creation';
/** Where calls to RideNDine wait if their number per second is limited: Temporal can only limit a whole task queue. */
export const PARTNER_TASK_QUEUE = 'order-creation-ridendine';

/** One checkout has one workflow id, so that the server refuses a second run while the first is open. */
export function orderCreationWorkflowId(idempotencyKey: string): string {
  return `order-creation-${idempotencyKey}`;
}

/** The inverse of {@link orderCreationWorkflowId}. */
export function idempotencyKeyIn(workflowId: string): string {
  return workflowId.slice(orderCreationWorkflowId('').length);
}

/** What a run is started with. */
export type OrderCreationInput = CheckoutRequest | OrderContinuation;

/** Asks a run to continue an order that no run carries any more. The run reads the order from Directus. */
export interface OrderContinuation {
  idempotency_key: string;
  continue_order: true;
}

/** Whether a run continues an order. If somebody starts a run by hand, its input may be anything. */
export function isContinuation(input: OrderCreationInput): input is OrderContinuation {
  return typeof input === 'object' && input !== null && 'continue_order' in input;
}

/** The sweep for orders that no run carries any more, and the Temporal Schedule that starts it. */
export const ORDER_SWEEP_WORKFLOW = 'orderSweep';
export const ORDER_SWEEP_SCHEDULE_ID = 'order-sweep';

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

/** Search attributes of a run. Temporal stores them in clear, so they must not have personal data. */
export const searchAttributes = {
  orderId: keyword('CoocoOrderId'),
  quoteId: keyword('CoocoQuoteId'),
  customerId: keyword('CoocoCustomerId'),
  storeId: keyword('CoocoStoreId'),
  ridendineOrderId: keyword('RideNDineOrderId'),
  stage: keyword('OrderCreationStage'),
  failureCode: keyword('OrderFailureCode'),
} as const;

/** In characters. Temporal can run on a database that refuses longer values. */
const LONGEST_KEYWORD = 255;

/** Whether a value can be stored as a search attribute. */
export function isKeyword(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_KEYWORD;
}

/** Memo field of a run: its request's fingerprint. It shows whether the same key comes with the same checkout. */
export const REQUEST_FINGERPRINT_MEMO = 'request_fingerprint';

/** Memo fields of a run: the id of the request that began it, and its place in a W3C trace, as far as known. */
export const REQUEST_ID_MEMO = 'request_id';
export const TRACEPARENT_MEMO = 'traceparent';

/** Memo field of a run: which call of a client began it. */
export const START_TOKEN_MEMO = 'start_token';

/** Header of a run's activities: what their log lines say of the order. Headers are stored in clear. */
export const LOG_CONTEXT_HEADER = 'cooco-log-context';
export interface LogContext {
  order_id?: string;
  /** As in {@link REQUEST_ID_MEMO}. */
  request_id?: string;
}

/** The query that answers with the {@link OrderCreationState}. */
export const ORDER_CREATION_STATE_QUERY = 'orderCreationState';

/** The start options of a run, the same for everybody who starts one. The Temporal client defines their names. */
export function orderCreationStart(
  input: OrderCreationInput,
  about: { fingerprint: string; quoteId: string; customerId: string | null; memo?: Record<string, string> },
) {
  return {
    workflowId: orderCreationWorkflowId(input.idempotency_key),
    taskQueue: ORDER_CREATION_TASK_QUEUE,
    args: [input] as [OrderCreationInput],
    memo: { ...about.memo, [REQUEST_FINGERPRINT_MEMO]: about.fingerprint },
    typedSearchAttributes: [
      { key: searchAttributes.stage, value: 'VALIDATING' satisfies OrderCreationStage },
      { key: searchAttributes.quoteId, value: about.quoteId },
      ...(about.customerId === null ? [] : [{ key: searchAttributes.customerId, value: about.customerId }]),
    ],
    staticSummary: isContinuation(input)
      ? `Continue the order of quote ${about.quoteId}, which was left half-way`
      : `Create the order of quote ${about.quoteId}`,
    staticDetails: [
      `- Quote \`${about.quoteId}\``,
      ...(about.customerId === null ? [] : [`- Customer \`${about.customerId}\``]),
      `- Idempotency key \`${input.idempotency_key}\``,
    ].join('\n'),
  };
}

/** Answer of the query `orderCreationState`, during a run and after its end. Ids appear as they become known. */
export interface OrderCreationState {
  stage: OrderCreationStage;
  order_id?: string;
  ridendine_order_id?: string;
  payment_session_id?: string;
  /** Why the run failed or waits for support staff; one sentence without personal data. */
  failure?: { code: FailureCode; reason: string };
  /** Support staff have had the order in review for longer than `REVIEW_WINDOW`. */
  review_overdue?: true;
}
