import { TemporalUnavailableError } from '../client/index.ts';

/** A gateway that stops ends waits after 1 s and cuts connections after 5 s (`stopInOrder`). This must fit between. */
const LAST_LOOK_MS = 3_000;

/**
 * Limits how long Temporal may take to tell how the order stands, once the request no longer waits for the order.
 *
 * @returns a signal that is aborted 3 s after `stopWaiting`. Its reason is the error that the caller gets.
 */
export function lastLook(stopWaiting: AbortSignal): AbortSignal {
  const tooLate = new AbortController();
  const begin = () => {
    const error = new TemporalUnavailableError('Temporal did not answer in time. Send the same request again.');
    setTimeout(() => tooLate.abort(error), LAST_LOOK_MS).unref();
  };
  if (stopWaiting.aborted) begin();
  else stopWaiting.addEventListener('abort', begin, { once: true });
  return tooLate.signal;
}
