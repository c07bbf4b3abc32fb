import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { RequestTimedOut } from './temporal-failures.ts';

/** The requests to Temporal that one call of the library makes. */
export interface TemporalCalls {
  /**
   * Makes a request that has until `deadline` (milliseconds since 1970).
   *
   * @throws RequestTimedOut when the deadline has passed, or the SDK's error for it.
   */
  by<Result>(deadline: number, request: () => Promise<Result>): Promise<Result>;
  /** Lets `ms` pass, or fewer if the call is over. */
  pause(ms: number): Promise<void>;
}

/**
 * Runs `work`, whose requests end with `signal`.
 *
 * @throws the signal's reason, at once, when it is aborted.
 */
export async function withTemporalCalls<Result>(
  { client, signal }: { client: Client; signal: AbortSignal },
  work: (calls: TemporalCalls) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const calls: TemporalCalls = {
    async by(deadline, request) {
      // The SDK listens to a signal, and does not look whether it is aborted already.
      signal.throwIfAborted();
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(new RequestTimedOut()), deadline - Date.now());
      try {
        return await Promise.race([late.promise, client.withDeadline(deadline, request)]);
      } finally {
        clearTimeout(timer);
      }
    },
    pause: (ms) => delay(ms, undefined, { signal }),
  };
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([aborted.promise, client.withAbortSignal(signal, () => work(calls))]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
