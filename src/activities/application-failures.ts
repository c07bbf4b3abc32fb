import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CheckoutProblem } from '../domain/checkout.ts';
import type { FailureDetails } from '../domain/failure-details.ts';
import { failures } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import { DirectusError, DirectusNotUniqueError } from '../integrations/directus/errors.ts';
import { longerPauseMs } from './attempt.ts';

/** `type` of the failure of a step that asks Temporal and gets no answer. It is not the failure of an order. */
export const TEMPORAL_UNAVAILABLE = 'TemporalUnavailable';

/** A failure that no further attempt can mend. `message` must hold no personal data: it is also logged. */
export function finalFailure(code: FailureCode, message: string, details: FailureDetails = {}): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [details] });
}

/** The failure of a checkout that breaks rules. With several problems its code is `CheckoutInvalid`. */
export function checkoutFailure(problems: CheckoutProblem[]): ApplicationFailure {
  const [first] = problems;
  const code = problems.length === 1 && first ? first.code : 'CheckoutInvalid';
  const message = problems.map((problem) => `${problem.field}: ${problem.detail}`).join(' ');
  return finalFailure(code, message, { problems });
}

/**
 * Only an activity may change an order that exists already, never a local activity. If the worker of a local attempt
 * dies, nothing in the run's history tells of the change, and a stale worker may still make the change late.
 *
 * @throws ApplicationFailure in a local attempt. The run then tries the step again as an activity.
 */
export function requireActivity(): void {
  if (!activityInfo().isLocal) return;
  const message = 'The order is there already: an activity has to change it.';
  throw ApplicationFailure.retryable(message, 'DirectusUnavailable');
}

/** A longer `Retry-After` of Directus is cut to this, because a customer may be waiting. */
const LONGEST_DIRECTUS_PAUSE_MS = 60_000;

/**
 * Turns a {@link DirectusError} into the failure with which the activity fails. Returns any other error unchanged.
 *
 * @param whenRejected whether a definite refusal by Directus ends the activity. Once the order may exist, the activity
 *   must keep trying: only a person can then mend the cause, and giving up would lose the order.
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
