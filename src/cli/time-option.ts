import ms from 'ms';
import type { StringValue } from 'ms';
import { UsageError } from './command.ts';

/** A time as people write it: `2026-01-31T12:00Z`, or how long ago, as `2h` and `3 days`. @throws {UsageError} */
export function timeIn(option: string, text: string): Date {
  const isAgo = /^\s*\d.*[a-y]\s*$/i.test(text);
  const isDate = /^\d{4}-\d\d-\d\d(T|$)/.test(text);
  const time = isAgo ? new Date(Date.now() - ms(text as StringValue)) : new Date(text);
  if (Number.isNaN(time.getTime()) || !(isAgo || isDate)) {
    const examples = 'a time such as 2026-01-31T12:00Z, or how long ago, such as "2h" or "3 days"';
    throw new UsageError(`--${option} has to be ${examples}.`);
  }
  return time;
}
