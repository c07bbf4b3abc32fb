import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  TemporalFailure,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { DirectusFailureDetails, OrderCreationActivities } from '../activities/order-creation-activities.ts';
import { firstDirectusAttempt } from './activity-options.ts';

/** How a run takes its steps at Directus. */
export interface DirectusSteps {
  take<Result>(step: {
    summary: string;
    /** For the activity. */
    options: ActivityOptions;
    attempt: (
      directus: Pick<OrderCreationActivities, 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds'>,
    ) => Promise<Result>;
  }): Promise<Result>;
}

/**
 * Whether this run makes the first attempt of a step at Directus as a local activity. Runs that began with version 0.2 or
 * earlier go on as they began; it goes when none of them is left. Asked once, at the start of a run.
 */
export function makesFirstAttemptsLocally(): boolean {
  return patched('first-attempts-at-directus-are-local');
}

/**
 * The first attempt of a step is a local activity, made by the worker that has the run's workflow task: nobody waits for
 * the server between the steps. If that does not succeed, the step goes on as an activity, which people see, pause and
 * reset. A definite refusal ends the step at once.
 *
 * @param options.beforeActivity called when a step is to go on as one that people see.
 */
export function startDirectusSteps(options: {
  firstAttemptsAreLocal: boolean;
  beforeActivity: () => void;
}): DirectusSteps {
  const { firstAttemptsAreLocal, beforeActivity } = options;
  return {
    async take({ summary, options: activityOptions, attempt }) {
      if (firstAttemptsAreLocal) {
        try {
          return await attempt(proxyLocalActivities<OrderCreationActivities>({ ...firstDirectusAttempt, summary }));
        } catch (error) {
          const failure = failureOf(error);
          if (failure === undefined || isFinal(failure)) throw error;
          beforeActivity();
          const pauseMs = askedPauseMs(failure);
          if (pauseMs > 0) await sleep(pauseMs, { summary: 'The pause that Directus asked for' });
        }
      }
      return await attempt(proxyActivities<OrderCreationActivities>({ ...activityOptions, summary }));
    },
  };
}

/** Of an attempt that failed; not of one that was cancelled, nor of a mistake in this code. */
function failureOf(error: unknown): TemporalFailure | undefined {
  if (isCancellation(error)) return undefined;
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof TemporalFailure ? failure : undefined;
}

function isFinal(failure: TemporalFailure): boolean {
  return failure instanceof ApplicationFailure && failure.nonRetryable === true;
}

/** An attempt that timed out left no word of one. */
function askedPauseMs(failure: TemporalFailure): number {
  if (!(failure instanceof ApplicationFailure)) return 0;
  const [details] = (failure.details ?? []) as [Partial<DirectusFailureDetails>?];
  return details?.retry_after_ms ?? 0;
}
