import proto from '@temporalio/proto';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE } from '../domain/order-creation.ts';
import { countTakingWorkers } from './order-pollers.ts';
import type { TaskQueueDescription } from './order-pollers.ts';
import type { TemporalAccess } from './temporal-access.ts';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

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

/** Who asks for the calls to RideNDine that wait in a queue of their own. @throws {TemporalAccessError} */
export async function describePartnerQueue({
  connection,
  settings,
  ask,
}: TemporalAccess): Promise<TaskQueueDescription> {
  const { namespace } = settings;
  return await ask(() =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: PARTNER_TASK_QUEUE },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    }),
  );
}
