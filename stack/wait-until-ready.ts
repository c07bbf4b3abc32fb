import pWaitFor, { TimeoutError } from 'p-wait-for';
import type { Part } from './supervisor.ts';

const POLL_MS = 50;

/**
 * Waits until a part answers. A failing question means not yet.
 *
 * @throws Error with one sentence if the part ends first, or is not ready in time; it is stopped then.
 */
export async function waitUntilReady(options: {
  /** For a person. */
  name: string;
  part: Part;
  timeoutMs: number;
  isReady: () => Promise<boolean>;
}): Promise<void> {
  const { name, part, timeoutMs, isReady } = options;
  const waiting = new AbortController();
  try {
    await Promise.race([
      pWaitFor(() => isReady().catch(() => false), { interval: POLL_MS, timeout: timeoutMs, signal: waiting.signal }),
      part.exited.then(({ code, signal }) => {
        throw new Error(
          `${name} ended (${signal ?? `exit code ${code}`}) before it was ready: ${part.logFile} says why.`,
        );
      }),
    ]);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    await part.stop();
    throw new Error(`${name} was not ready within ${timeoutMs / 1000} s: ${part.logFile} may say why.`, {
      cause: error,
    });
  } finally {
    waiting.abort();
  }
}
