import type { WorkerOptions } from '@temporalio/worker';

/** How a worker gets the workflow tasks of orders: the first of one is in the common queue, the next in the worker's own. */
export const workflowTaskOptions = {
  // A run waits so long for the worker that knows it before another may take it: a customer waits if that one is dead.
  stickyQueueScheduleToStartTimeout: '5 s',
  // Seven polls of ten. On a server with four partitions, each polled apart, fewer of them (the SDK's ratio is 0.2) let
  // some of many orders at once wait for two seconds, even half of them: the part "changes" of npm run bench counts that.
  nonStickyToStickyPollRatio: 0.7,
} satisfies Partial<WorkerOptions>;
