import { checkoutRequestSchema } from './checkout-request.ts';
import type { CheckoutRequest } from './checkout-request.ts';
import type { CheckoutProblem } from './checkout.ts';
import { fieldPath } from './field-path.ts';
import { MOST_FAULTS } from './json-faults.ts';
import { ruleBrokenBy, rules } from './value-rules.ts';

/**
 * Reads a request, wherever it comes from: a caller of the gateway or of the client library, or a person who starts a run.
 * What is wrong with it is told field by field, at most 20 times, and repeats no value.
 *
 * @param answered whether the problems go to the caller alone, who is then told the names of unknown fields, too. What is
 *   kept repeats no name that has no place in a request.
 */
export function readCheckoutRequest(
  input: unknown,
  { answered }: { answered: boolean },
): { ok: true; request: CheckoutRequest } | { ok: false; problems: CheckoutProblem[] } {
  const parsed = checkoutRequestSchema.safeParse(input, { error: ruleBrokenBy });
  if (parsed.success) return { ok: true, request: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => problem(answered ? [...issue.path, name] : issue.path, rules.unknownField))
      : [problem(issue.path, issue.message)],
  );
  return { ok: false, problems: problems.slice(0, MOST_FAULTS) };
}

function problem(path: PropertyKey[], detail: string): CheckoutProblem {
  return { code: 'CheckoutInvalid', field: fieldPath('', path) || 'request', detail };
}
