import type { CheckoutRequest, CheckoutRequestInput } from '../domain/checkout-request.ts';
import { readCheckoutRequest } from '../domain/read-checkout-request.ts';
import { OrderFailedError } from './errors.ts';

/** @throws {OrderFailedError} `CheckoutInvalid`. It names the wrong fields, and repeats none of their values. */
export function parseRequest(input: CheckoutRequestInput): CheckoutRequest {
  const read = readCheckoutRequest(input, { answered: true });
  if (read.ok) return read.request;
  const [first, ...others] = read.problems;
  const message =
    first && others.length === 0 ? `${first.field}: ${first.detail}` : 'Several fields of the request are wrong.';
  throw new OrderFailedError('CheckoutInvalid', message, read.problems);
}
