import type { WorkerOptions } from '@temporalio/worker';

/** How a worker gets the workflow tasks of orders: the first of one is in the common queue, the next in the worker's own. */
export const workflowTaskOptions = {
  // A run waits so long for the worker that knows it before another may take it: a customer waits if that one is dead.
  stickyQueueScheduleToStartTimeout: '5 s',
  // Half of an order's tasks are in the common queue. On a server with four partitions, each polled apart, fewer polls there
  // (the SDK's ratio is 0.2) let some of many orders at once wait longer.
  nonStickyToStickyPollRatio: 0.5,
} satisfies Partial<WorkerOptions>;
