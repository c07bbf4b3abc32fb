/**
 * The pause that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or an HTTP date), in milliseconds from
 * `now`; `undefined` where there is none or it can't be read.
 */
export function parseRetryAfterMs(header: string | null, now: Date): number | undefined {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  // A date has letters ("Mon, 02 Jan ..."): Date.parse reads far more than HTTP dates.
  if (Number.isNaN(date) || !/[a-z]/i.test(value)) return undefined;
  return Math.max(0, date - now.getTime());
}
