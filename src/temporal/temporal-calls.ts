import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { untilFirstAbort } from '../runtime/first-abort.ts';
import { RequestTimedOut, gotNoAnswer, isOverloaded, ranOutOfTime, wasGivenUp } from './temporal-failures.ts';

/** The pause before a request is repeated. It doubles up to the longest. A server restarts within seconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** How long a request may take if it does not wait for anything. */
const REQUEST_TIMEOUT_MS = 5000;

/** How much earlier than our own timer a server may give a request up because the deadline passes. */
const AHEAD_MS = 100;

/** Makes the requests to Temporal that belong together, such as those of one call of the library. */
export interface TemporalCalls {
  /**
   * Makes a request, and makes it again while Temporal gives no answer, until `deadline` (milliseconds since 1970).
   *
   * @throws an error that `ranOutOfTime` recognises if the deadline passed during a request, else the last error.
   */
  by<Result>(deadline: number, request: () => Promise<Result>): Promise<Result>;
}

/**
 * Runs `work` until it ends or one of `signals` is aborted. An abort ends the requests of `work`.
 *
 * @throws the reason of the aborted signal, at once.
 */
export async function withTemporalCalls<Result>(
  { client, signals = [] }: { client: Client; signals?: AbortSignal[] },
  work: (calls: TemporalCalls) => Promise<Result>,
): Promise<Result> {
  return await untilFirstAbort(signals, (ended) =>
    client.withAbortSignal(ended, () => work(callsUntil(ended, client))),
  );
}

function callsUntil(ended: AbortSignal, client: Client): TemporalCalls {
  return {
    async by(deadline, request) {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        // The SDK waits for a signal to be aborted, but does not check whether it is aborted already.
        ended.throwIfAborted();
        try {
          return await client.withDeadline(deadline, () => inTime(deadline, request));
        } catch (error) {
          if (ranOutOfTime(error) || !gotNoAnswer(error)) throw error;
          const thisPauseMs = isOverloaded(error) ? LONGEST_PAUSE_MS : pauseMs;
          const leftMs = deadline - Date.now();
          if (wasGivenUp(error) && leftMs < AHEAD_MS) throw new RequestTimedOut();
          if (leftMs <= thisPauseMs) throw error;
          await delay(thisPauseMs, undefined, { signal: ended });
        }
      }
    },
  };
}

/** The deadline of a request that is made now and does not wait for anything, in milliseconds since 1970. */
export function requestDeadline(): number {
  return Date.now() + REQUEST_TIMEOUT_MS;
}

/** Awaits a request until a deadline. While gRPC connects, it notices a deadline late. @throws {RequestTimedOut} */
export async function inTime<Result>(deadline: number, request: () => Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new RequestTimedOut()), deadline - Date.now());
  try {
    return await Promise.race([late.promise, request()]);
  } finally {
    clearTimeout(timer);
  }
}
