import type { CheckoutProblem } from '../domain/checkout.ts';
import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { QuoteUser } from '../domain/order.ts';

/** The codes of this library's errors: the {@link FailureCode}s of an order creation, and the library's own. */
export type ClientErrorCode =
  FailureCode | 'TemporalUnavailable' | 'OrderNotFound' | 'IdempotencyKeyInvalid' | 'ClientClosed';

/** Marks the errors of this library, with the same symbol in every copy of it that a process has loaded. */
const ORDER_CREATION_ERROR = Symbol.for('@cooco/order-creation/error');

/**
 * Why a call has no result. `message` is a sentence without personal data. Branch on `code`.
 * If `retryable` is true, send the same request with the same key again: that never makes a second order.
 *
 * If the caller aborts its `AbortSignal`, the call throws the signal's reason instead of such an error.
 */
export abstract class OrderCreationError extends Error {
  abstract readonly code: ClientErrorCode;
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, ORDER_CREATION_ERROR, { value: true });
  }
}

/** Whether `error` is an error of this library. Unlike `instanceof`, also recognises errors of another copy of it. */
export function isOrderCreationError(error: unknown): error is OrderCreationError {
  return error instanceof Error && ORDER_CREATION_ERROR in error;
}

/**
 * The order creation ended without an order, or the request was refused before it began. `code` says why. `problems`
 * lists the rules that the checkout breaks, if it breaks any. `usedBy` is the customer's own order that was made from
 * the quote, if `code` is `QuoteAlreadyUsed`.
 *
 * An order that takes long or waits for support staff is not an error: its outcome is `IN_PROGRESS`.
 */
export class OrderFailedError extends OrderCreationError {
  override readonly name = 'OrderFailedError';
  readonly code: FailureCode;
  readonly retryable: boolean;
  readonly problems: CheckoutProblem[];
  readonly usedBy: QuoteUser | undefined;

  constructor(code: FailureCode, message: string, problems: CheckoutProblem[] = [], usedBy?: QuoteUser) {
    super(message);
    this.code = code;
    this.retryable = failures[code].retryable;
    this.problems = problems;
    this.usedBy = usedBy;
  }
}

/**
 * Temporal cannot be reached, did not answer in time, refuses this client's credential or namespace, or somebody
 * stopped the run there. `message` says which. `cause` is what the Temporal SDK threw. If a credential was refused
 * there is no `cause`, because the server may repeat the credential in it.
 *
 * It does not mean that the order failed. It is not known whether the order creation was begun. If it was, it goes on
 * by itself or with the same request.
 */
export class TemporalUnavailableError extends OrderCreationError {
  override readonly name = 'TemporalUnavailableError';
  readonly code = 'TemporalUnavailable';
  readonly retryable = true;
}

/**
 * Temporal knows no order creation with this key, or has forgotten it (retention). It does not mean that the order
 * failed.
 */
export class OrderNotFoundError extends OrderCreationError {
  override readonly name = 'OrderNotFoundError';
  readonly code = 'OrderNotFound';
  readonly retryable = false;
}

/** The key of a look-up is not a UUID in hyphenated form. For an unknown key, see {@link OrderNotFoundError}. */
export class IdempotencyKeyInvalidError extends OrderCreationError {
  override readonly name = 'IdempotencyKeyInvalidError';
  readonly code = 'IdempotencyKeyInvalid';
  readonly retryable = false;
}

/**
 * `close()` was called before the call or during it. Send the same request through another client.
 *
 * An order creation that was begun goes on.
 */
export class OrderCreationClientClosedError extends OrderCreationError {
  override readonly name = 'OrderCreationClientClosedError';
  readonly code = 'ClientClosed';
  readonly retryable = true;

  constructor() {
    super('This client is closed. Send the same request through another one.');
  }
}
