import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { untilFirstAbort } from '../runtime/first-abort.ts';
import { RequestTimedOut, gotNoAnswer, isOverloaded, ranOutOfTime, wasGivenUp } from './temporal-failures.ts';

/** The pause before a request is made again doubles from the first to the longest. A server restarts within seconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Longest that a request may take that is no wait. */
const REQUEST_TIMEOUT_MS = 5000;

/** So much sooner than our own timer a server may give a request up, because its deadline passes. */
const AHEAD_MS = 100;

/** The requests to Temporal that one call of the library makes. */
export interface TemporalCalls {
  /**
   * Makes a request, again while Temporal gives no answer, until `deadline` (milliseconds since 1970).
   *
   * @throws what `ranOutOfTime` recognises if no answer had come when it passed, else the last error.
   */
  by<Result>(deadline: number, request: () => Promise<Result>): Promise<Result>;
}

/**
 * Runs `work` until it ends or one of `signals` is aborted: its requests end then.
 *
 * @throws that signal's reason, at once.
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
        // The SDK listens to a signal, and does not look whether it is aborted already.
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

/** Of a request that is made now and is no wait: milliseconds since 1970. */
export function requestDeadline(): number {
  return Date.now() + REQUEST_TIMEOUT_MS;
}

/** Awaits a request until a deadline: gRPC's own comes late while it connects. @throws {RequestTimedOut} */
export async function inTime<Result>(deadline: number, request: () => Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new RequestTimedOut()), deadline - Date.now());
  try {
    return await Promise.race([late.promise, request()]);
  } finally {
    clearTimeout(timer);
  }
}
