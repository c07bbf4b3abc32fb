import { ORDER_CREATION_TASK_QUEUE } from '../domain/order-creation.ts';
import { countRecentPollers } from './order-pollers.ts';
import type { TemporalAccess } from './temporal-access.ts';

/** @returns how many workers have asked for orders of late. @throws {TemporalAccessError} */
export async function countOrderWorkers({ connection, settings, ask }: TemporalAccess): Promise<number> {
  const { namespace } = settings;
  const { pollers } = await ask(() =>
    connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: ORDER_CREATION_TASK_QUEUE } }),
  );
  return countRecentPollers(pollers);
}
