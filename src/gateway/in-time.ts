import { setTimeout as delay } from 'node:timers/promises';
import { TemporalUnavailableError } from '../client/index.ts';

/**
 * Awaits what Temporal is asked, for `timeoutMs` at most: a connection that is being made has a deadline of its own, far
 * beyond the patience of whoever asks.
 *
 * @throws {TemporalUnavailableError} it is too late.
 */
export async function inTime<Result>(asked: Promise<Result>, timeoutMs: number): Promise<Result> {
  const timer = new AbortController();
  const tooLate = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new TemporalUnavailableError('Temporal did not answer in time. Send the same request again.');
  });
  // Ends it when the answer was faster.
  tooLate.catch(() => {});
  try {
    return await Promise.race([asked, tooLate]);
  } finally {
    timer.abort();
  }
}
