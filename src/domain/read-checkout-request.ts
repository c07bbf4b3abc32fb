import { checkoutRequestSchema } from './checkout-request.ts';
import type { CheckoutRequest } from './checkout-request.ts';
import type { CheckoutProblem } from './checkout.ts';
import { fieldPath } from './field-path.ts';
import { MOST_FAULTS } from './json-faults.ts';
import { ruleBrokenBy, rules } from './value-rules.ts';

/**
 * Reads a request, wherever it comes from: a caller of the gateway or of the client library, or a person who starts a run.
 * What is wrong with it is told field by field, at most 20 times, and repeats nothing that the caller made up.
 */
export function readCheckoutRequest(
  input: unknown,
): { ok: true; request: CheckoutRequest } | { ok: false; problems: CheckoutProblem[] } {
  const parsed = checkoutRequestSchema.safeParse(input, { error: ruleBrokenBy });
  if (parsed.success) return { ok: true, request: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => problem([...issue.path, name], rules.unknownField))
      : [problem(issue.path, issue.message)],
  );
  return { ok: false, problems: problems.slice(0, MOST_FAULTS) };
}

function problem(path: PropertyKey[], detail: string): CheckoutProblem {
  return { code: 'CheckoutInvalid', field: fieldPath('', path) || 'request', detail };
}
