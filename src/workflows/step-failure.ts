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

/** @param whenUnknown the code of a failure that is none of ours: an attempt that timed out, a worker that crashed. */
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

/** What an attempt that failed has told; nothing of one that timed out or whose worker crashed. */
export function notedFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}

/** A failure as it stands on the order; with `undefined`, that there is none. */
export function reasonFields(failure: StepFailure | undefined): Pick<OrderMark, 'failure_code' | 'failure_reason'> {
  return { failure_code: failure?.code ?? null, failure_reason: failure?.reason ?? null };
}

/** What the failure of `createRideNDineOrder` says of the order at RideNDine. No note means *maybe sent*. */
export function mayExistAtRideNDine(failure: StepFailure): boolean {
  return failure.details.maybe_sent !== false;
}

/** `createRideNDineOrder` was stopped by a request to cancel the order. The message is for those who review it. */
export function stoppedFailure({ maybe_sent, code }: PartnerAttempts): ApplicationFailure {
  const outcome = maybe_sent ? 'maybeSent' : 'notSent';
  const message = maybe_sent ? 'RideNDine may have it by now.' : 'RideNDine does not have it.';
  return ApplicationFailure.nonRetryable(message, code ?? 'RideNDineUnavailable', {
    outcome,
    maybe_sent,
  } satisfies FailureDetails);
}

/** Ends the run. Only what concerns the caller goes along: the partner's text stays with the activity's failure. */
export function runFailure({ code, reason, details }: StepFailure): ApplicationFailure {
  const { problems, used_by } = details;
  const failure = ApplicationFailure.create({
    type: code,
    message: failureText({ reason, advice: failures[code].advice.whenFailed }),
    nonRetryable: true,
    details: [{ reason, ...(problems && { problems }), ...(used_by && { used_by }) } satisfies FailureDetails],
  });
  // It would repeat all of this, and then tell where our files lie.
  failure.stack = '';
  return failure;
}
