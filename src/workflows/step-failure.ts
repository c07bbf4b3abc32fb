import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { OrderMark, PartnerAttempts } from '../activities/order-creation-activities.ts';
import { failures, isFailureCode } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import { detailsOf, failureText, reasonOf } from '../domain/failure-details.ts';
import type { FailureDetails } from '../domain/failure-details.ts';

/** Why a step failed for good, in the words of the domain. */
export interface StepFailure {
  code: FailureCode;
  /** One sentence without personal data. */
  reason: string;
  details: FailureDetails;
}

/** @param whenUnknown the code if the failure has none of ours, as when an attempt timed out or a worker crashed. */
export function readStepFailure(error: unknown, whenUnknown: FailureCode): StepFailure {
  const noted = notedFailure(error);
  if (!noted) return { code: whenUnknown, reason: NO_NOTE, details: {} };
  return {
    code: isFailureCode(noted.type) ? noted.type : whenUnknown,
    reason: reasonOf(noted),
    details: detailsOf(noted),
  };
}

export const NO_NOTE = 'The last attempt left no note of how it ended.';

/** The failure that the attempt itself reported; `undefined` if the attempt timed out or its worker crashed. */
export function notedFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}

/** The fields by which a failure is stored on the order; for `undefined` they say that there is none. */
export function reasonFields(failure: StepFailure | undefined): Pick<OrderMark, 'failure_code' | 'failure_reason'> {
  return { failure_code: failure?.code ?? null, failure_reason: failure?.reason ?? null };
}

/** Whether RideNDine may have the order after `createRideNDineOrder` failed so. No note means *maybe sent*. */
export function mayExistAtRideNDine(failure: StepFailure): boolean {
  return failure.details.maybe_sent !== false;
}

/** The failure if a request to cancel stopped `createRideNDineOrder`. Support staff read its message in review. */
export function stoppedFailure({ maybe_sent, code }: PartnerAttempts): ApplicationFailure {
  const outcome = maybe_sent ? 'maybeSent' : 'notSent';
  const message = maybe_sent ? 'RideNDine may have it by now.' : 'RideNDine does not have it.';
  return ApplicationFailure.nonRetryable(message, code ?? 'RideNDineUnavailable', {
    outcome,
    maybe_sent,
  } satisfies FailureDetails);
}

/** The failure that ends the run. It holds only what concerns the caller; RideNDine's text stays with the activity. */
export function runFailure({ code, reason, details }: StepFailure): ApplicationFailure {
  const { problems, used_by } = details;
  const failure = ApplicationFailure.create({
    type: code,
    message: failureText({ reason, advice: failures[code].advice.whenFailed }),
    nonRetryable: true,
    details: [{ reason, ...(problems && { problems }), ...(used_by && { used_by }) } satisfies FailureDetails],
  });
  // The stack would repeat the message and then show the paths of our files.
  failure.stack = '';
  return failure;
}
