import type { ConnectionLike } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE } from '../contract/runs.ts';
import { countTakingWorkers, countWorkersOfEachTaker } from './order-pollers.ts';
import type { TaskQueueDescription } from './order-pollers.ts';
import type { TemporalAccess } from './temporal-access.ts';

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** What every worker of ours asks for. */
const taskQueues = {
  /** What is done next with an order. */
  orders: { name: ORDER_CREATION_TASK_QUEUE, type: TASK_QUEUE_TYPE_WORKFLOW },
  steps: { name: ORDER_CREATION_TASK_QUEUE, type: TASK_QUEUE_TYPE_ACTIVITY },
  /** The calls to RideNDine that wait in a queue of their own. */
  partner: { name: PARTNER_TASK_QUEUE, type: TASK_QUEUE_TYPE_ACTIVITY },
} as const;

/** @returns how many workers have asked for orders of late, and would be given some. @throws {TemporalAccessError} */
export async function countOrderWorkers(temporal: TemporalAccess): Promise<number> {
  return countTakingWorkers(await describeQueue(temporal));
}

/**
 * @returns how many of them make the calls to RideNDine that wait in a queue of their own: every one of this version.
 * While two builds share the orders, of the one that has fewer. @throws {TemporalAccessError}
 */
export async function countPartnerWorkers(temporal: TemporalAccess): Promise<number> {
  return countWorkersOfEachTaker(await describeQueue(temporal, 'partner'));
}

/** Who asks for tasks of a queue, and who is given some. @throws {TemporalAccessError} */
export async function describeQueue(
  { connection, settings, ask }: TemporalAccess,
  queue: keyof typeof taskQueues = 'orders',
): Promise<TaskQueueDescription> {
  return await ask(() => askForQueue(connection, settings.namespace, queue));
}

/** The same in one request. @throws what the SDK throws. */
export function askForQueue(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
  queue: keyof typeof taskQueues = 'orders',
): Promise<TaskQueueDescription> {
  const { name, type: taskQueueType } = taskQueues[queue];
  return workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
}

/** All of them. @throws {TemporalAccessError} */
export async function describeQueues(temporal: TemporalAccess): Promise<TaskQueueDescription[]> {
  return [
    await describeQueue(temporal),
    await describeQueue(temporal, 'steps'),
    await describeQueue(temporal, 'partner'),
  ];
}
