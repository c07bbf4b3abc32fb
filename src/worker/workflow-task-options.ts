import type { WorkerOptions } from '@temporalio/worker';

/** How a worker gets workflow tasks: a run's first task is in the common queue, its next tasks in the worker's own. */
export const workflowTaskOptions = {
  // How long a run waits for the worker that has it in its cache. If that worker is dead, a customer waits as long.
  stickyQueueScheduleToStartTimeout: '5 s',
  // Seven of ten polls are for first tasks. On a server with four partitions, each partition is polled apart. With a
  // lower ratio (the SDK's is 0.2, but even with 0.5), some of many orders at once wait for two seconds. The part
  // "changes" of npm run bench counts that.
  nonStickyToStickyPollRatio: 0.7,
} satisfies Partial<WorkerOptions>;
