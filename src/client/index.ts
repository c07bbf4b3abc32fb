export { OrderCreationClient } from './order-creation-client.ts';
export type {
  CallOptions,
  CreateOrderOptions,
  OrderCreationClientOptions,
  SharedConnectionOptions,
  WaitOptions,
} from './order-creation-client.ts';
export {
  IdempotencyKeyInvalidError,
  OrderCreationClientClosedError,
  OrderCreationError,
  OrderFailedError,
  OrderNotFoundError,
  TemporalUnavailableError,
  isOrderCreationError,
} from './errors.ts';
export type { ClientErrorCode } from './errors.ts';
export type { CreateOrderOutcome, OrderFailed, OrderInProgress, OrderSucceeded, OrderView } from './order-view.ts';
export type { CheckoutProblem } from '../domain/checkout.ts';
export type { CheckoutRequestInput } from '../domain/checkout-request.ts';
export type { FailureCode } from '../domain/failures.ts';
export type { QuoteUser } from '../domain/order.ts';
export type { OrderCreationStage } from '../contract/runs.ts';
