import type { ConnectionLike } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE } from '../contract/runs.ts';
import { countTakingWorkers, countWorkersOfEachTaker } from './order-pollers.ts';
import type { TaskQueueDescription } from './order-pollers.ts';
import type { TemporalAccess } from './temporal-access.ts';

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** The task queues that every worker of ours polls. */
const taskQueues = {
  /** The workflow tasks, which decide what is done next with an order. */
  orders: { name: ORDER_CREATION_TASK_QUEUE, type: TASK_QUEUE_TYPE_WORKFLOW },
  steps: { name: ORDER_CREATION_TASK_QUEUE, type: TASK_QUEUE_TYPE_ACTIVITY },
  /** The calls to RideNDine, while their number per second is limited. */
  partner: { name: PARTNER_TASK_QUEUE, type: TASK_QUEUE_TYPE_ACTIVITY },
} as const;

/** @returns how many workers have polled for orders lately and would get some. @throws {TemporalAccessError} */
export async function countOrderWorkers(temporal: TemporalAccess): Promise<number> {
  return countTakingWorkers(await describeQueue(temporal));
}

/**
 * @returns how many workers take the calls to RideNDine from their own task queue. Every worker of this version does.
 *   While two builds share the orders, only the workers of the build that has fewer are counted.
 * @throws {TemporalAccessError}
 */
export async function countPartnerWorkers(temporal: TemporalAccess): Promise<number> {
  return countWorkersOfEachTaker(await describeQueue(temporal, 'partner'));
}

/** Which workers poll a task queue, and which of them get tasks. @throws {TemporalAccessError} */
export async function describeQueue(
  { connection, settings, ask }: TemporalAccess,
  queue: keyof typeof taskQueues = 'orders',
): Promise<TaskQueueDescription> {
  return await ask(() => askForQueue(connection, settings.namespace, queue));
}

/** The same as {@link describeQueue}, but in one request, which is not repeated. @throws what the SDK throws. */
export function askForQueue(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
  queue: keyof typeof taskQueues = 'orders',
): Promise<TaskQueueDescription> {
  const { name, type: taskQueueType } = taskQueues[queue];
  return workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
}

/** Describes all three task queues. @throws {TemporalAccessError} */
export async function describeQueues(temporal: TemporalAccess): Promise<TaskQueueDescription[]> {
  return [
    await describeQueue(temporal),
    await describeQueue(temporal, 'steps'),
    await describeQueue(temporal, 'partner'),
  ];
}
