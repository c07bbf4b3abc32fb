import type { CheckoutProblem } from '../domain/checkout.ts';
import { failureCodes, isFailureCode } from '../domain/failure-codes.ts';
import type { FailureCode } from '../domain/failure-codes.ts';

/** Codes of this library, beside the {@link FailureCode}s of the process. */
export type ClientErrorCode = FailureCode | 'TemporalUnavailable' | 'OrderNotFound' | 'IdempotencyKeyInvalid';

/**
 * Why there is no result. `message` is a sentence without personal data; `code` is what to branch on.
 * With `retryable`, send the same request with the same key again; it never makes a second order.
 */
export abstract class OrderCreationError extends Error {
  abstract readonly code: ClientErrorCode;
  abstract readonly retryable: boolean;
}

/** The order creation ended without an order. `problems` lists every rule that the checkout breaks, if it was that. */
export class OrderFailedError extends OrderCreationError {
  override readonly name = 'OrderFailedError';
  readonly code: FailureCode;
  readonly retryable: boolean;
  readonly problems: CheckoutProblem[];

  constructor(code: FailureCode, message: string, problems: CheckoutProblem[] = []) {
    super(message);
    this.code = code;
    this.retryable = failureCodes[code].httpStatus === 503;
    this.problems = problems;
  }
}

/** Temporal can't be reached or did not answer in time. Nothing is lost: an order that was begun goes on. */
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

/** The key is no UUID in hyphenated form. */
export class IdempotencyKeyInvalidError extends OrderCreationError {
  override readonly name = 'IdempotencyKeyInvalidError';
  readonly code = 'IdempotencyKeyInvalid';
  readonly retryable = false;
}

/** The error for a run's failure, given its `type`, message and details. */
export function orderFailure(type: unknown, message: string, details: unknown[]): OrderFailedError | undefined {
  if (!isFailureCode(type)) return undefined;
  const [first] = details as [{ problems?: CheckoutProblem[] }?];
  return new OrderFailedError(type, message, first?.problems);
}
