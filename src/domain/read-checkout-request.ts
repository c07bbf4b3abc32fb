import { checkoutRequestSchema } from './checkout-request.ts';
import type { CheckoutRequest } from './checkout-request.ts';
import type { CheckoutProblem } from './checkout.ts';
import { fieldPath } from './field-path.ts';
import { MOST_FAULTS } from './json-faults.ts';
import { ruleBrokenBy, rules } from './value-rules.ts';

const ownNames = new Set<string>([...checkoutRequestSchema.keyof().options, 'address', 'lat', 'lng']);

/** A field name that a caller made up is repeated to the caller only if it looks like a name. */
const HARMLESS_NAME = /^[a-z_]\w{0,63}$/i;

/**
 * Reads a request of a caller of the gateway or of the client library, or of a person who starts a run by hand.
 * Problems are told for each field, at most {@link MOST_FAULTS}. They repeat no value.
 *
 * @param answered whether the problems go to the caller alone. They may then name fields that are not ours. Problems
 *   that are stored name none of these fields.
 */
export function readCheckoutRequest(
  input: unknown,
  { answered }: { answered: boolean },
): { ok: true; request: CheckoutRequest } | { ok: false; problems: CheckoutProblem[] } {
  const parsed = checkoutRequestSchema.safeParse(input, { error: ruleBrokenBy });
  if (parsed.success) return { ok: true, request: parsed.data };
  const mayBeTold = (name: string) => (answered ? HARMLESS_NAME.test(name) : ownNames.has(name));
  const problem = (path: PropertyKey[], detail: string): CheckoutProblem => ({
    code: 'CheckoutInvalid',
    field: fieldPath('', path, mayBeTold) || 'request',
    detail,
  });
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => problem(answered ? [...issue.path, name] : issue.path, rules.unknownField))
      : [problem(issue.path, issue.message)],
  );
  return { ok: false, problems: problems.slice(0, MOST_FAULTS) };
}
