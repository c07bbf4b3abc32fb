import { checkoutRequestSchema } from '../domain/checkout-request.ts';
import type { CheckoutRequest, CheckoutRequestInput } from '../domain/checkout-request.ts';
import { OrderFailedError } from './errors.ts';

/** More than a caller mends at once; a list without end would be one that the caller determines. */
const MOST_PROBLEMS = 20;
/** Names that a caller made up may hold anything, and a message is logged. */
const HARMLESS_NAME = /^[\w.]{1,64}$/;

/** @throws {OrderFailedError} `CheckoutInvalid`, which repeats nothing that the caller made up. */
export function parseRequest(input: CheckoutRequestInput): CheckoutRequest {
  const parsed = checkoutRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((field) => ({ field, detail: 'Unknown field.' }))
        : [{ field: issue.path.join('.'), detail: 'Missing, or not of the form that is expected here.' }],
    )
    .slice(0, MOST_PROBLEMS)
    .map(({ field, detail }) => ({
      code: 'CheckoutInvalid' as const,
      field: HARMLESS_NAME.test(field) ? field : 'request',
      detail,
    }));
  const [first, ...others] = problems;
  const message =
    first && others.length === 0 ? `${first.field}: ${first.detail}` : 'Several fields of the request are wrong.';
  throw new OrderFailedError('CheckoutInvalid', message, problems);
}
