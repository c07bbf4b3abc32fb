/** Nobody waits longer than RideNDine remembers a key, and Temporal takes no duration that its types can't hold. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/** A pause of nothing is no pause to Temporal: its server makes no further attempt then, and the order would fail. */
const SHORTEST_PAUSE_MS = 1;

/**
 * The pause that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or an HTTP date), in milliseconds from
 * `now`; a millisecond at least and a day at most; `undefined` where there is none or it can't be read.
 */
export function parseRetryAfterMs(header: string | null, now: Date): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return bounded(Number(value) * 1000);
  const date = Date.parse(value);
  // A date has letters ("Mon, 02 Jan ..."): Date.parse reads far more than HTTP dates.
  if (Number.isNaN(date) || !/[a-z]/i.test(value)) return undefined;
  return bounded(date - now.getTime());
}

function bounded(pauseMs: number): number {
  return Math.min(Math.max(SHORTEST_PAUSE_MS, pauseMs), LONGEST_PAUSE_MS);
}
