import { ORDER_CREATION_TASK_QUEUE } from '../domain/order-creation.ts';
import { countTakingWorkers } from './order-pollers.ts';
import type { TaskQueueDescription } from './order-pollers.ts';
import type { TemporalAccess } from './temporal-access.ts';

/** @returns how many workers have asked for orders of late, and would be given some. @throws {TemporalAccessError} */
export async function countOrderWorkers(temporal: TemporalAccess): Promise<number> {
  return countTakingWorkers(await describeOrderQueue(temporal));
}

/** Who asks for the steps of orders, and who is given some. @throws {TemporalAccessError} */
export async function describeOrderQueue({ connection, settings, ask }: TemporalAccess): Promise<TaskQueueDescription> {
  const { namespace } = settings;
  return await ask(() =>
    connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: ORDER_CREATION_TASK_QUEUE } }),
  );
}
