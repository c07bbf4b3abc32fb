/** Longest pause: RideNDine remembers an idempotency key for a day, and Temporal's types cannot hold every duration. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/** With a pause of 0 ms, Temporal's server makes no further attempt, and the order would fail. */
const SHORTEST_PAUSE_MS = 1;

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3: seconds or an HTTP date).
 *
 * @returns the pause in milliseconds from `now`, between 1 ms and a day; `undefined` if there is no readable header.
 */
export function parseRetryAfterMs(header: string | null, now: Date): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return bounded(Number(value) * 1000);
  const date = Date.parse(value);
  // An HTTP date has letters ("Mon, 02 Jan ..."). Date.parse also reads many texts that are not HTTP dates.
  if (Number.isNaN(date) || !/[a-z]/i.test(value)) return undefined;
  return bounded(date - now.getTime());
}

function bounded(pauseMs: number): number {
  return Math.min(Math.max(SHORTEST_PAUSE_MS, pauseMs), LONGEST_PAUSE_MS);
}
