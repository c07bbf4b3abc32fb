import { setTimeout as delay } from 'node:timers/promises';
import { IllegalStateError } from '@temporalio/common';
import type { Worker } from '@temporalio/worker';

const LOOK_MS = 1000;
/** How long a failed worker may take to end by itself. */
const END_MS = 3000;
const FAILED = 'It has failed, and its log says why.';

/**
 * Runs the workers until all have stopped. If one worker fails, the others are told to stop. After a failure the caller
 * must end the process, because the SDK may never finish with a worker whose requests Temporal refuses.
 *
 * @throws the error with which a worker failed.
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

/** Tells a worker to stop, unless it is stopping already. */
export function stopWorker(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}

async function endOf(worker: Worker): Promise<void> {
  const hasEnded = new AbortController();
  try {
    await Promise.race([worker.run(), stuckAfterFailure(worker, hasEnded.signal)]);
  } catch (error) {
    // The SDK throws this error when it cannot clean up a failed worker. The error hides why the worker failed.
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
