import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/common';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import type { OrderCreationStage } from '../domain/order-creation.ts';
import { firstDirectusAttempt } from './activity-options.ts';

/**
 * If a worker dies in the middle of a local attempt, nothing in the history tells of it, and the run's whole workflow task is
 * repeated. That does no harm to these steps: one reads, one writes what the history holds, and an order that is written
 * keeps the id of its run (docs/decisions/0017-first-attempts-at-directus-are-local.md).
 */
type DirectusActivities = Pick<OrderCreationActivities, 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds'>;

interface AboutStep {
  summary: string;
  /** For the activity. */
  options: ActivityOptions;
  /** It is an activity from its first attempt on. */
  neverLocal?: boolean;
}

/** Makes one call of a step at Directus: the first attempt of it within the workflow task. */
export type TakeDirectusStep = <Output>(
  about: AboutStep,
  call: (activities: DirectusActivities) => Promise<Output>,
) => Promise<Output>;

/** Stages that are mostly over with the workflow task in which they began. */
export const passingStages: ReadonlySet<OrderCreationStage> = new Set(['VALIDATING', 'CREATING_RECORD', 'SAVING_LINK']);

/**
 * The first attempt of a step is a local activity, made by the worker that has the run's workflow task: nobody waits for
 * the server between the steps. If that does not succeed, the step goes on as an activity, which people see, pause and
 * reset. A definite refusal ends the step at once.
 *
 * @param options.beforeActivity called when a step is to go on as one that people see.
 */
export function startDirectusSteps({ beforeActivity }: { beforeActivity: () => void }): TakeDirectusStep {
  return async ({ summary, options, neverLocal = false }, call) => {
    if (!neverLocal) {
      try {
        return await call(proxyLocalActivities<DirectusActivities>({ ...firstDirectusAttempt, summary }));
      } catch (error) {
        if (!canBeTriedAgain(error)) throw error;
      }
    }
    beforeActivity();
    return await call(proxyActivities<DirectusActivities>({ ...options, summary }));
  };
}

/** Not what was refused for good or cancelled, nor a mistake in this code. */
function canBeTriedAgain(error: unknown): boolean {
  if (isCancellation(error)) return false;
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TemporalFailure;
}
