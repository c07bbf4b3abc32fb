import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import { firstDirectusAttempt } from './activity-options.ts';

/**
 * The steps of which an attempt leaves nothing behind that the run does not know already: one reads, the other writes what
 * the history holds. If a worker dies in the middle of such an attempt, its whole workflow task is repeated.
 */
type LocalSteps = Pick<OrderCreationActivities, 'validateCheckout' | 'saveLinkIds'>;

/** How a run takes those steps. */
export interface DirectusSteps {
  take<Result>(step: {
    summary: string;
    /** For the activity. */
    options: ActivityOptions;
    attempt: (directus: LocalSteps) => Promise<Result>;
  }): Promise<Result>;
}

/**
 * Whether this run makes first attempts as local activities. Runs that began with version 0.2 or earlier go on as they
 * began; it goes when none of them is left. Asked once, at the start of a run.
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
          if (!canBeTriedAgain(error)) throw error;
          beforeActivity();
        }
      }
      return await attempt(proxyActivities<OrderCreationActivities>({ ...activityOptions, summary }));
    },
  };
}

/** Not what was refused for good or cancelled, nor a mistake in this code. */
function canBeTriedAgain(error: unknown): boolean {
  if (isCancellation(error)) return false;
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TemporalFailure;
}
