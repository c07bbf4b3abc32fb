import type { CheckoutProblem } from '../domain/checkout.ts';
import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { QuoteUser } from '../domain/order.ts';

/** Codes of this library, beside the {@link FailureCode}s of the process. */
export type ClientErrorCode =
  FailureCode | 'TemporalUnavailable' | 'OrderNotFound' | 'IdempotencyKeyInvalid' | 'ClientClosed';

/** The same in every copy of this library that a process may have loaded. */
const ORDER_CREATION_ERROR = Symbol.for('@cooco/order-creation/error');

/**
 * Why there is no result. `message` is a sentence without personal data; `code` is what to branch on.
 * With `retryable`, send the same request with the same key again; it never makes a second order.
 *
 * Not: that the caller took back its `AbortSignal`; then its own reason is thrown.
 */
export abstract class OrderCreationError extends Error {
  abstract readonly code: ClientErrorCode;
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, ORDER_CREATION_ERROR, { value: true });
  }
}

/** Whether `error` is one of this library's, also if another copy of the library made it (then `instanceof` says no). */
export function isOrderCreationError(error: unknown): error is OrderCreationError {
  return error instanceof Error && ORDER_CREATION_ERROR in error;
}

/**
 * The order creation ended without an order, or the request was refused before it began: `code` says why, `problems`
 * lists every rule that the checkout breaks, if it was that; `usedBy` is the customer's own order that has the quote, if
 * it was `QuoteAlreadyUsed`.
 *
 * Not: that the order takes long, or waits for support staff; that is the outcome `IN_PROGRESS`.
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
 * Temporal can't be reached, did not answer in time, refuses our credential or namespace, or somebody stopped the run
 * there. `message` says which; `cause` is what the Temporal SDK threw, unless a credential was refused, for a server may
 * repeat it. An order that was begun goes on by itself or with the same request.
 *
 * Not: that the order failed. Whether it was begun is not known.
 */
export class TemporalUnavailableError extends OrderCreationError {
  override readonly name = 'TemporalUnavailableError';
  readonly code = 'TemporalUnavailable';
  readonly retryable = true;
}

/** No order creation is known under this key (or it is older than Temporal's retention). Not: it failed. */
export class OrderNotFoundError extends OrderCreationError {
  override readonly name = 'OrderNotFoundError';
  readonly code = 'OrderNotFound';
  readonly retryable = false;
}

/** A look-up was asked for under a key that is no UUID in hyphenated form. Not: that nobody knows the key. */
export class IdempotencyKeyInvalidError extends OrderCreationError {
  override readonly name = 'IdempotencyKeyInvalidError';
  readonly code = 'IdempotencyKeyInvalid';
  readonly retryable = false;
}

/**
 * `close()` was called before, or while the call was under way. The same request succeeds through another client.
 *
 * Not: that an order ended; one that was begun goes on.
 */
export class OrderCreationClientClosedError extends OrderCreationError {
  override readonly name = 'OrderCreationClientClosedError';
  readonly code = 'ClientClosed';
  readonly retryable = true;

  constructor() {
    super('This client is closed. Send the same request through another one.');
  }
}
