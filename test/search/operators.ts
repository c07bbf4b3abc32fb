import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ORDER_CREATION_TASK_QUEUE, ORDER_SWEEP_WORKFLOW } from '../../src/contract/runs.ts';
import type { orderSweep } from '../../src/workflows/order-sweep.ts';
import type { Observations } from './observations.ts';
import { ifItCan } from './if-it-can.ts';
import { isOpen } from './runs.ts';
import type { Runs } from './runs.ts';

/** What operators of Temporal do, and what its schedule for the sweep does. */
export interface Operators {
  terminate(key: number): Promise<void>;
  /** Removes a run that has ended. */
  deleteRun(key: number): Promise<void>;
  reset(key: number, to: 'begin' | 'end'): Promise<void>;
  pauseActivity(key: number): Promise<void>;
  resetActivity(key: number): Promise<void>;
  /** Resumes every activity that was paused. */
  unpause(): Promise<void>;
  /** @returns how many orders it continued; 0 if the sweep failed. */
  sweep(): Promise<number>;
}

export function createOperators(temporal: Client, runs: Runs, observed: Observations, sweepId: string): Operators {
  const { namespace } = temporal.options;
  const paused = new Set<number>();
  const firstPending = async (key: number) => {
    const run = await runs.describe(key);
    const activity = run && isOpen(run) ? run.raw.pendingActivities?.[0] : undefined;
    return run && activity && { execution: executionOf(run), id: activity.activityId ?? '' };
  };
  return {
    async terminate(key) {
      if (await ifItCan(() => runs.handleOf(key).terminate('A schedule says so.'))) observed.terminated.add(key);
    },
    async deleteRun(key) {
      const run = await runs.describe(key);
      if (!run || isOpen(run)) return;
      const isDeleted = await ifItCan(() =>
        temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: executionOf(run) }),
      );
      if (isDeleted) observed.deleted.add(key);
    },
    async reset(key, to) {
      const run = await runs.describe(key);
      if (!run) return;
      const { events } = await temporal.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
      const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = proto.temporal.api.enums.v1.EventType;
      const tasks = (events ?? []).filter(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
      const task = to === 'begin' ? tasks[0] : tasks.at(-1);
      if (!task) return;
      const isReset = await ifItCan(() =>
        temporal.workflowService.resetWorkflowExecution({
          namespace,
          workflowExecution: executionOf(run),
          workflowTaskFinishEventId: task.eventId ?? null,
          reason: 'A schedule says so.',
          requestId: randomUUID(),
        }),
      );
      if (isReset) observed.reset.add(key);
    },
    async pauseActivity(key) {
      const activity = await firstPending(key);
      if (!activity) return;
      paused.add(key);
      await ifItCan(() =>
        temporal.workflowService.pauseActivity({ namespace, ...activity, identity: 'A person', reason: 'A look.' }),
      );
    },
    async resetActivity(key) {
      const activity = await firstPending(key);
      if (activity) await ifItCan(() => temporal.workflowService.resetActivity({ namespace, ...activity }));
    },
    async unpause() {
      for (const key of paused) {
        const run = await runs.describe(key);
        for (const { activityId, paused: isPaused } of run?.raw.pendingActivities ?? []) {
          if (!run || !isPaused) continue;
          const activity = { execution: executionOf(run), id: activityId ?? '' };
          await ifItCan(() => temporal.workflowService.unpauseActivity({ namespace, ...activity }));
        }
      }
    },
    async sweep() {
      observed.isSwept = true;
      const handle = await temporal.workflow.start<typeof orderSweep>(ORDER_SWEEP_WORKFLOW, {
        workflowId: sweepId,
        taskQueue: ORDER_CREATION_TASK_QUEUE,
        args: [{ older_than_ms: 0 }],
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
      try {
        return (await handle.result()).continued;
      } catch (error) {
        if (error instanceof WorkflowFailedError) return 0;
        throw error;
      }
    },
  };
}

function executionOf({ workflowId, runId }: { workflowId: string; runId: string }) {
  return { workflowId, runId };
}
