import { setTimeout as delay } from 'node:timers/promises';
import { IllegalStateError } from '@temporalio/common';
import type { Worker } from '@temporalio/worker';

const LOOK_MS = 1000;
/** So long a worker that has failed may take to end by itself. */
const END_MS = 3000;
const FAILED = 'It has failed, and its log says of what.';

/**
 * Runs them until all have stopped. If one fails, the others stop as they do when they are told to. After a failure the
 * process has to be ended: the SDK may never be done with a worker whose requests Temporal refuses.
 */
export async function runTogether(workers: readonly Worker[], { stopAtOnce = false } = {}): Promise<void> {
  const running = workers.map(async (worker) => {
    try {
      await endOf(worker);
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

async function endOf(worker: Worker): Promise<void> {
  const hasEnded = new AbortController();
  try {
    await Promise.race([worker.run(), stuckAfterFailure(worker, hasEnded.signal)]);
  } catch (error) {
    // The SDK complains of a failed worker's clean-up, which hides what it failed of.
    throw error instanceof IllegalStateError ? new Error(FAILED, { cause: error }) : error;
  } finally {
    hasEnded.abort();
  }
}

async function stuckAfterFailure(worker: Worker, signal: AbortSignal): Promise<never> {
  while (worker.getState() !== 'FAILED') await delay(LOOK_MS, undefined, { signal });
  await delay(END_MS, undefined, { signal });
  throw new Error(FAILED);
}
