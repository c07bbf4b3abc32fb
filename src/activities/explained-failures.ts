import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import ms from 'ms';
import { CALLS_PAUSED, TEMPORAL_DOWN, failures, isFailureCode } from '../domain/failures.ts';
import { detailsOf, failureText } from '../domain/failure-details.ts';
import type { FailureDetails, FailureText } from '../domain/failure-details.ts';
import { minuteOf } from '../domain/spoken-time.ts';
import type { Tried } from './order-creation-activities.ts';
import { attemptTime, usualPauseMs } from './attempt.ts';
import { TEMPORAL_UNAVAILABLE, directusFailure } from './application-failures.ts';

/**
 * Wraps an activity so that it fails only with an `ApplicationFailure` or a cancellation. The failure's message tells
 * support staff what failed, whether and when it is tried again, and what they can do. Each failed attempt is logged.
 *
 * @param whenRejected what a definite refusal of Directus means for the activity: see {@link directusFailure}.
 */
export function withExplainedFailures<Input extends unknown[], Output>(
  activity: (...input: Input) => Promise<Output>,
  whenRejected: 'give-up' | 'keep-trying' = 'keep-trying',
): (...input: Input) => Promise<Output> {
  return async (...input) => {
    try {
      return await activity(...input);
    } catch (thrown) {
      const error = directusFailure(thrown, whenRejected);
      if (error instanceof CancelledFailure) throw error;
      if (error instanceof ApplicationFailure) {
        logAttempt(error, error.message);
        throw explained(error);
      }
      // This is a bug. The step is tried again, because the next release may mend the bug. The error's message may
      // repeat what a customer wrote, so only its name and place are told, and only in the log.
      const failure = ApplicationFailure.create({
        type: 'UnexpectedError',
        message: 'The worker met an error that it does not know.',
      });
      logAttempt(failure, `An error that the activity does not know: ${nameAndPlace(error)}`);
      throw explained(failure);
    }
  };
}

/** Adds to a step's output how many attempts the step took. Temporal does not tell the run. */
export function withAttempts<Input extends unknown[], Output extends object>(
  activity: (...input: Input) => Promise<Output>,
): (...input: Input) => Promise<Output & Tried> {
  return async (...input) => ({ ...(await activity(...input)), ...tried() });
}

function tried(): Tried {
  const { attempt } = activityInfo();
  return attempt > 1 ? { attempts: attempt } : {};
}

/** Logs one line for each failed attempt: what is known of it, without text that a customer or the partner wrote. */
function logAttempt(failure: ApplicationFailure, reason: string): void {
  const { outcome, status } = detailsOf(failure);
  log[levelOf(failure)]('attempt failed', {
    code: failure.type,
    reason,
    outcome,
    status,
    tried_again: !isLast(failure),
  });
}

function isToBeMended(failure: ApplicationFailure): boolean {
  return detailsOf(failure).to_be_mended !== undefined;
}

function levelOf(failure: ApplicationFailure): 'info' | 'warn' | 'error' {
  const { type } = failure;
  if (isToBeMended(failure)) return 'error';
  if (isPaused(failure)) return 'info';
  if (type === TEMPORAL_UNAVAILABLE) return 'warn';
  return isFailureCode(type) ? failures[type].logLevel : 'error';
}

function isPaused(failure: ApplicationFailure): boolean {
  return detailsOf(failure).pause !== undefined;
}

function nameAndPlace(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frame = error.stack?.split('\n').find((line) => /^\s+at /.test(line));
  return `${error.name} ${frame?.trim() ?? 'without a place'}`;
}

function explained(failure: ApplicationFailure): ApplicationFailure {
  const { activityType, attempt } = activityInfo();
  const { message: reason, type, nonRetryable, nextRetryDelay, cause } = failure;
  const text: FailureText = {
    reason,
    next: whatNext(failure),
    advice: adviceFor(failure),
    technical: `${type ?? 'unknown'}, ${activityType}, attempt ${attempt}${statusIn(failure)}`,
  };
  const withAdvice = ApplicationFailure.create({
    message: failureText(text),
    nonRetryable: nonRetryable === true,
    ...(type != null && { type }),
    ...(nextRetryDelay != null && { nextRetryDelay }),
    ...(cause && { cause }),
    details: [{ ...detailsOf(failure), ...tried(), reason } satisfies FailureDetails],
  });
  // While a step is tried again, Temporal keeps 4 KiB of its failure. A stack would displace text that people need.
  withAdvice.stack = '';
  return withAdvice;
}

function adviceFor(failure: ApplicationFailure): string {
  const { type } = failure;
  if (type === TEMPORAL_UNAVAILABLE) return TEMPORAL_DOWN;
  if (!isFailureCode(type)) return "Call the developers: the worker's log says where it happened.";
  const { whileTried, whenFailed } = failures[isToBeMended(failure) ? 'DirectusRejected' : type].advice;
  if (isPaused(failure) && !isOnce()) return CALLS_PAUSED;
  // After the last attempt, the workflow decides what happens to the order. Its details tell people what to do then.
  return isLast(failure)
    ? 'The Current Details of the workflow (User Metadata) say what comes of the order.'
    : (whileTried ?? whenFailed);
}

function whatNext(failure: ApplicationFailure): string {
  if (isPaused(failure) && !isOnce()) return 'It is tried again once calls to RideNDine are resumed.';
  if (isLast(failure)) return 'It is not tried again by itself.';
  if (activityInfo().isLocal) return 'It is tried again at once, as a pending activity.';
  const until = detailsOf(failure).tried_until ?? instantOf(endMs());
  const asLong = until === undefined ? 'until it succeeds' : `until ${minuteOf(until)} at the latest`;
  return `It is tried again by itself in ${spelledOut(pauseMs(failure))}, and then again and again, ${asLong}.`;
}

/** Whether the step has one attempt only. Support staff wanted it, and decide again: src/workflows/partner-call.ts. */
function isOnce(): boolean {
  return activityInfo().retryPolicy?.maximumAttempts === 1;
}

/** Whether no further attempt follows. Temporal makes no attempt that would begin after {@link endMs}. */
function isLast(failure: ApplicationFailure): boolean {
  const { retryPolicy, attempt, isLocal } = activityInfo();
  // After a failed local attempt, the run goes on with an activity: src/workflows/directus-steps.ts.
  if (isLocal) return failure.nonRetryable === true;
  if (failure.nonRetryable || attempt === retryPolicy?.maximumAttempts) return true;
  return attemptTime().getTime() + pauseMs(failure) > endMs();
}

function pauseMs({ nextRetryDelay }: ApplicationFailure): number {
  return nextRetryDelay == null ? usualPauseMs() : msToNumber(nextRetryDelay);
}

/** When the time of all attempts together is over, in milliseconds since 1970; `Infinity` if it never is. */
function endMs(): number {
  const { scheduledTimestampMs, scheduleToCloseTimeoutMs } = activityInfo();
  return scheduleToCloseTimeoutMs ? scheduledTimestampMs + scheduleToCloseTimeoutMs : Infinity;
}

function instantOf(timeMs: number): string | undefined {
  return timeMs === Infinity ? undefined : new Date(timeMs).toISOString();
}

function spelledOut(durationMs: number): string {
  return durationMs < 1000 ? 'less than a second' : ms(durationMs, { long: true });
}

function statusIn(failure: ApplicationFailure): string {
  const { status } = detailsOf(failure);
  return status === undefined ? '' : `, HTTP ${status}`;
}
