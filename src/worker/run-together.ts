import type { Worker } from '@temporalio/worker';

/** Runs them until all have stopped. If one fails, the others stop as they do when they are told to. */
export async function runTogether(workers: readonly Worker[], { stopAtOnce = false } = {}): Promise<void> {
  const running = workers.map(async (worker) => {
    try {
      await worker.run();
    } finally {
      workers.forEach(stopWorker);
    }
  });
  if (stopAtOnce) workers.forEach(stopWorker);
  const ended = await Promise.allSettled(running);
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Tells it to stop, if nobody has yet. */
export function stopWorker(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
