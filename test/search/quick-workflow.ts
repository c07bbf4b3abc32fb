import { msToNumber } from '@temporalio/common/lib/time.js';
import { ApplicationFailure } from '@temporalio/workflow';
import type { ActivityOptions, Duration, LocalActivityOptions } from '@temporalio/common';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { SPEED, WORKER_DIED } from './pace.ts';

/**
 * Interceptors that are loaded with the workflows. They shorten every wait to a tenth. If the worker of a local attempt
 * has died, they make the workflow task fail, too, so that it is repeated as in the real world.
 */
export function interceptors(): WorkflowInterceptors {
  let hasDied = false;
  return {
    outbound: [
      {
        scheduleActivity: (input, next) => next({ ...input, options: sooner(input.options) }),
        scheduleLocalActivity: async (input, next) => {
          try {
            return await next({ ...input, options: sooner(input.options) });
          } catch (error) {
            if (!(error instanceof ApplicationFailure && error.type === WORKER_DIED)) throw error;
            hasDied = true;
            return await new Promise<never>(() => {});
          }
        },
        startTimer: (input, next) => next({ ...input, durationMs: Math.ceil(input.durationMs / SPEED) }),
      },
    ],
    internals: [
      {
        concludeActivation(input, next) {
          if (hasDied) throw new Error('The worker has died in the middle of a local attempt.');
          return next(input);
        },
      },
    ],
  };
}

/** A step is tried for 4 s at least and 20 s at most. */
const SHORTEST_STEP_MS = 4000;
const LONGEST_STEP_MS = 20_000;

function sooner<Options extends ActivityOptions | LocalActivityOptions>(options: Options): Options {
  const { startToCloseTimeout, scheduleToCloseTimeout, scheduleToStartTimeout, retry } = options;
  return {
    ...options,
    ...(startToCloseTimeout !== undefined && { startToCloseTimeout: scaled(startToCloseTimeout) }),
    ...(scheduleToCloseTimeout !== undefined && {
      scheduleToCloseTimeout: Math.max(SHORTEST_STEP_MS, Math.min(scaled(scheduleToCloseTimeout), LONGEST_STEP_MS)),
    }),
    ...(scheduleToStartTimeout !== undefined && { scheduleToStartTimeout: scaled(scheduleToStartTimeout) }),
    ...(retry && {
      retry: {
        ...retry,
        ...(retry.initialInterval !== undefined && { initialInterval: scaled(retry.initialInterval) }),
        ...(retry.maximumInterval !== undefined && { maximumInterval: scaled(retry.maximumInterval) }),
      },
    }),
  };
}

function scaled(duration: Duration): number {
  return Math.max(1, Math.ceil(msToNumber(duration) / SPEED));
}
