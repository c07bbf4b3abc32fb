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
 * If a worker dies in the middle of a local attempt, nothing in the history tells of it, and the run's whole workflow task is
 * repeated. That does no harm to these steps: one reads, one writes what the history holds, and an order that is written
 * keeps the id of its run (docs/decisions/0017-first-attempts-at-directus-are-local.md).
 */
type LocalSteps = Pick<OrderCreationActivities, 'validateCheckout' | 'createOrderRecord' | 'saveLinkIds'>;
type LocalStep = keyof LocalSteps;

interface AboutStep {
  summary: string;
  /** For the activity. */
  options: ActivityOptions;
  /** It is an activity from its first attempt on. */
  neverLocal?: boolean;
}

/** How a run takes those steps. */
export interface DirectusSteps {
  take<Step extends LocalStep>(
    step: Step,
    about: AboutStep,
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
  localSteps: ReadonlySet<LocalStep>;
  beforeActivity: () => void;
}): DirectusSteps {
  const { localSteps, beforeActivity } = options;
  /** Input and output are as {@link DirectusSteps} pairs them: the compiler can't follow that through an index. */
  const take = async (step: LocalStep, about: AboutStep, input: never): Promise<unknown> => {
    const { summary, neverLocal = false } = about;
    if (localSteps.has(step) && !neverLocal) {
      try {
        return await proxyLocalActivities<LocalSteps>({ ...firstDirectusAttempt, summary })[step](input);
      } catch (error) {
        if (!canBeTriedAgain(error)) throw error;
      }
    }
    beforeActivity();
    return await proxyActivities<LocalSteps>({ ...about.options, summary })[step](input);
  };
  return { take: take as DirectusSteps['take'] };
}

/** Stages that are mostly over with the workflow task in which they began. */
export function passingStages(localSteps: ReadonlySet<LocalStep>): ReadonlySet<OrderCreationStage> {
  return new Set([...localSteps].map((step) => stageOf[step]));
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
