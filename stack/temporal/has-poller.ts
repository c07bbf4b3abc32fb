import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { withTemporal } from './temporal-connection.ts';

/**
 * Whether the worker with this process id polls the task queue for workflow tasks. A worker begins to poll for all
 * kinds of tasks at the same time.
 */
export async function hasPoller(options: {
  temporal: TemporalSettings;
  taskQueue: string;
  pid: number;
}): Promise<boolean> {
  const { temporal, taskQueue, pid } = options;
  const { pollers } = await withTemporal(temporal, ({ workflowService }) =>
    workflowService.describeTaskQueue({ namespace: temporal.namespace, taskQueue: { name: taskQueue } }),
  );
  // The SDK gives a worker the identity pid@host.
  return pollers.some(({ identity }) => identity?.startsWith(`${pid}@`));
}
