import type { FailureCode } from '../domain/failures.ts';
import type { OrderCreationStage } from '../contract/runs.ts';
import type { OrderCreationResult, QuoteUser } from '../domain/order.ts';

/** An order creation that goes on. It may take a while, and may wait for support staff (`NEEDS_REVIEW`). */
export interface OrderInProgress {
  state: 'IN_PROGRESS';
  stage: OrderCreationStage;
  order_id?: string;
  ridendine_order_id?: string;
  /** Before the end of the run, only `getOrder` tells it, and only while a worker answers. */
  payment_session_id?: string;
  failure?: { code: FailureCode };
}

export interface OrderSucceeded extends OrderCreationResult {
  state: 'SUCCEEDED';
  stage: 'LINKED';
}

export interface OrderFailed {
  state: 'FAILED';
  stage: OrderCreationStage;
  order_id?: string;
  ridendine_order_id?: string;
  /** `used_by`: the customer's own order that was made from the quote, if the code is `QuoteAlreadyUsed`. */
  failure: { code: FailureCode; detail: string; used_by?: QuoteUser };
}

/** How an order creation stands. */
export type OrderView = OrderInProgress | OrderSucceeded | OrderFailed;

/** What came of a request within the time that the caller had. */
export type CreateOrderOutcome =
  /** `replayed`: another request with this key began the order creation. */
  (OrderSucceeded & { replayed: boolean }) | OrderInProgress;
