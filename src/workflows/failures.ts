import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { PartnerAttempts, PartnerFailureDetails } from '../activities/order-creation-activities.ts';
import { isFailureCode } from '../domain/failure-codes.ts';
import type { FailureCode } from '../domain/failure-codes.ts';
import { failureText, reasonIn } from '../domain/failure-text.ts';
import { supportAdvice } from '../domain/support-advice.ts';

/** Why a step failed for good, in the words of the domain. */
export interface StepFailure {
  code: FailureCode;
  /** One sentence without personal data. */
  reason: string;
  details: unknown[];
}

/** @param whenUnknown the code of a failure that is none of ours: an attempt that timed out, a worker that crashed. */
export function readStepFailure(error: unknown, whenUnknown: FailureCode): StepFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const code = isFailureCode(cause.type) ? cause.type : whenUnknown;
    return { code, reason: reasonIn(cause.message), details: cause.details ?? [] };
  }
  return { code: whenUnknown, reason: 'The last attempt left no word of how it ended.', details: [] };
}

/** What the failure of `createRideNDineOrder` says of the order at RideNDine. No word means *maybe sent*. */
export function mayExistAtRideNDine(failure: StepFailure): boolean {
  const [details] = failure.details as [Partial<PartnerFailureDetails>?];
  return details?.maybe_sent !== false;
}

/** `createRideNDineOrder` was stopped by a request to cancel the order. The message is for those who review it. */
export function stoppedFailure({ maybe_sent, code }: PartnerAttempts): ApplicationFailure {
  const outcome = maybe_sent ? 'maybeSent' : 'notSent';
  return ApplicationFailure.nonRetryable('RideNDine may have it by now.', code ?? 'RideNDineUnavailable', {
    outcome,
    maybe_sent,
  } satisfies PartnerFailureDetails);
}

/** Ends the run. Only what concerns the caller goes along: the partner's text stays with the activity's failure. */
export function runFailure({ code, reason, details }: StepFailure): ApplicationFailure {
  const forTheCaller = details.filter(
    (detail) => typeof detail === 'object' && detail !== null && ('problems' in detail || 'used_by' in detail),
  );
  const message = failureText({ reason, advice: supportAdvice[code].whenFailed });
  const failure = ApplicationFailure.create({ type: code, message, nonRetryable: true, details: forTheCaller });
  // It would repeat all of this, and then tell where our files lie.
  failure.stack = '';
  return failure;
}
