import proto from '@temporalio/proto';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE } from '../domain/order-creation.ts';
import { countRecentPollers } from './order-pollers.ts';
import type { TemporalAccess } from './temporal-access.ts';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

/** @returns how many workers have asked for orders of late. @throws {TemporalAccessError} */
export async function countOrderWorkers({ connection, settings, ask }: TemporalAccess): Promise<number> {
  const { namespace } = settings;
  const { pollers } = await ask(() =>
    connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: ORDER_CREATION_TASK_QUEUE } }),
  );
  return countRecentPollers(pollers);
}

/**
 * @returns how many of them make the calls to RideNDine that wait in a queue of their own: every one of this version.
 * @throws {TemporalAccessError}
 */
export async function countPartnerWorkers({ connection, settings, ask }: TemporalAccess): Promise<number> {
  const { namespace } = settings;
  const { pollers } = await ask(() =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: PARTNER_TASK_QUEUE },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    }),
  );
  return countRecentPollers(pollers);
}
