import { TemporalUnavailableError } from '../client/index.ts';

/** Of this, and of the moment before it, a gateway that is told to stop has 5 s (see `stopInOrder`). */
const LAST_LOOK_MS = 3_000;

/**
 * How long Temporal may take to say how matters stand once nobody waits for the order any more.
 *
 * @returns a signal that is aborted when it has taken too long, with what the caller is to be told.
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
