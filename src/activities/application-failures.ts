import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CheckoutProblem } from '../domain/checkout.ts';
import type { FailureDetails } from '../domain/failure-details.ts';
import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import { DirectusError, DirectusNotUniqueError } from '../integrations/directus/errors.ts';
import { longerPauseMs } from './attempt.ts';

/** `type` of a failure of the step for which Temporal itself does not answer what it is asked. It is no failure of an order. */
export const TEMPORAL_UNAVAILABLE = 'TemporalUnavailable';

/** A failure that no further attempt can mend. `message` holds no personal data: it is stored in clear. */
export function finalFailure(code: FailureCode, message: string, details: FailureDetails = {}): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [details] });
}

/** What a checkout that breaks rules fails with: the problem's own code, or `CheckoutInvalid` where there are several. */
export function checkoutFailure(problems: CheckoutProblem[]): ApplicationFailure {
  const [first] = problems;
  const code = problems.length === 1 && first ? first.code : 'CheckoutInvalid';
  const message = problems.map((problem) => `${problem.field}: ${problem.detail}`).join(' ');
  return finalFailure(code, message, { problems });
}

/**
 * A change of an order that is there is made by an activity: if the worker of a local attempt dies, nothing in the run's
 * history tells of the change, and a stale worker may make it late.
 *
 * @throws ApplicationFailure in a local attempt. The step is then tried again as an activity.
 */
export function requireActivity(): void {
  if (!activityInfo().isLocal) return;
  const message = 'The order is there already: an activity has to change it.';
  throw ApplicationFailure.retryable(message, 'DirectusUnavailable');
}

/** Directus asks for seconds, not for hours: a customer may be waiting. */
const LONGEST_DIRECTUS_PAUSE_MS = 60_000;

/**
 * How an activity fails for what Directus did. Anything else is passed on.
 *
 * @param whenRejected whether a definite refusal ends the activity. It must not once the order may exist: then only
 *   somebody's mending can help, and giving up would lose the order.
 */
export function directusFailure(error: unknown, whenRejected: 'give-up' | 'keep-trying'): unknown {
  if (!(error instanceof DirectusError)) return error;
  const nonRetryable = failures[error.code].retry === 'never' && whenRejected === 'give-up';
  const { retryAfterMs } = error;
  const nextRetryDelay = longerPauseMs(retryAfterMs && Math.min(retryAfterMs, LONGEST_DIRECTUS_PAUSE_MS));
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable,
    ...(error instanceof DirectusNotUniqueError && {
      details: [{ to_be_mended: error.field } satisfies FailureDetails],
    }),
    ...(nextRetryDelay !== undefined && !nonRetryable && { nextRetryDelay }),
  });
}
