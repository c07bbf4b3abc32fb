import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../../src/contract/runs.ts';
import { withTemporal } from './temporal-connection.ts';

/**
 * Whether the worker with this process id polls the task queue of orders for workflow tasks. A worker begins to poll for all
 * kinds of tasks at the same time.
 */
export async function hasPoller(temporal: TemporalSettings, pid: number): Promise<boolean> {
  const { namespace } = temporal;
  const { pollers } = await withTemporal(temporal, ({ workflowService }) =>
    workflowService.describeTaskQueue({ namespace, taskQueue: { name: ORDER_CREATION_TASK_QUEUE } }),
  );
  // The SDK gives a worker the identity pid@host.
  return pollers.some(({ identity }) => identity?.startsWith(`${pid}@`));
}
