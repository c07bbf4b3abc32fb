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
import type { OrderCreationStage } from '../domain/order-creation.ts';
import { firstDirectusAttempt } from './activity-options.ts';

/**
 * The steps of which an attempt may be repeated by somebody who knows nothing of it: if a worker dies in the middle of one,
 * its whole workflow task is repeated.
 */
type LocalSteps = Pick<OrderCreationActivities, 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds'>;

type LocalStep = keyof LocalSteps;

/** How a run takes those steps. */
export interface DirectusSteps {
  take<Step extends LocalStep>(
    step: Step,
    /** `options` are for the activity. */
    about: { summary: string; options: ActivityOptions },
    input: Parameters<LocalSteps[Step]>[0],
  ): ReturnType<LocalSteps[Step]>;
}

/**
 * Of which steps this run makes the first attempt as a local activity. Runs that began with an older version go on as they
 * began; that goes when none of them is left. Asked once, at the start of a run.
 */
export function locallyFirst(): ReadonlySet<LocalStep> {
  if (patched('first-attempts-at-directus-are-local-2')) {
    return new Set(['validateCheckout', 'createOrderRecord', 'saveLinkIds']);
  }
  if (patched('first-attempts-at-directus-are-local')) return new Set(['validateCheckout', 'saveLinkIds']);
  return new Set();
}

/**
 * The first attempt of a step is a local activity, made by the worker that has the run's workflow task: nobody waits for
 * the server between the steps. If that does not succeed, the step goes on as an activity, which people see, pause and
 * reset. A definite refusal ends the step at once.
 *
 * @param options.beforeActivity called when a step is to go on as one that people see.
 */
export function startDirectusSteps(options: {
  locallyFirst: ReadonlySet<LocalStep>;
  beforeActivity: () => void;
}): DirectusSteps {
  const { locallyFirst, beforeActivity } = options;
  const call = async (step: LocalStep, about: { summary: string; options: ActivityOptions }, input: never) => {
    if (locallyFirst.has(step)) {
      try {
        return await proxyLocalActivities<LocalSteps>({ ...firstDirectusAttempt, summary: about.summary })[step](input);
      } catch (error) {
        if (!canBeTriedAgain(error)) throw error;
        beforeActivity();
      }
    }
    return await proxyActivities<LocalSteps>({ ...about.options, summary: about.summary })[step](input);
  };
  return { take: call as DirectusSteps['take'] };
}

/** Stages that are mostly over with the workflow task in which they began. */
export function passingStages(locallyFirst: ReadonlySet<LocalStep>): ReadonlySet<OrderCreationStage> {
  return new Set([...locallyFirst].map((step) => stageOf[step]));
}

const stageOf: Record<LocalStep, OrderCreationStage> = {
  validateCheckout: 'VALIDATING',
  createOrderRecord: 'CREATING_RECORD',
  saveLinkIds: 'SAVING_LINK',
};

/** Not what was refused for good or cancelled, nor a mistake in this code. */
function canBeTriedAgain(error: unknown): boolean {
  if (isCancellation(error)) return false;
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (failure instanceof ApplicationFailure) return failure.nonRetryable !== true;
  return failure instanceof TemporalFailure;
}
