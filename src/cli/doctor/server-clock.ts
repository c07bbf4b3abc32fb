import ms from 'ms';
import { CLOCK_SKEW_MS } from '../../config/worker-settings.ts';
import type { Verdict } from './checks.ts';
import type { HttpAnswer } from './http-access.ts';

/** A smaller difference is not reported: dates in HTTP are whole seconds, and a request takes its time. */
const WORTH_SAYING_MS = 5000;

const HTTP_DATE_RESOLUTION_MS = 1000;

/** What another clock showed, and what ours showed before and after. All in milliseconds since 1970. */
export interface ClockReading {
  theirs: { fromMs: number; toMs: number };
  ours: { fromMs: number; toMs: number };
}

/** The server's clock, as the `Date` header of its answer shows it; `undefined` without one. */
export function clockBehind({ headers, askedAtMs, answeredAtMs }: HttpAnswer): ClockReading | undefined {
  const dateMs = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return undefined;
  return {
    theirs: { fromMs: dateMs, toMs: dateMs + HTTP_DATE_RESOLUTION_MS },
    ours: { fromMs: askedAtMs, toMs: answeredAtMs },
  };
}

/**
 * Whether the clock of a server and the clock of this machine agree.
 *
 * @param options.isCountedOn whether orders go wrong if the clocks differ by more than `CLOCK_SKEW_MS`. Such a
 *   difference is a problem then, and otherwise a warning.
 */
export function judgeClock(
  reading: ClockReading | undefined,
  { whose, isCountedOn, why }: { whose: string; isCountedOn: boolean; why: string },
): Verdict {
  if (reading === undefined) {
    return {
      verdict: 'not checked',
      finding: `${whose} does not show its clock.`,
      advice: 'Make sure that both machines set theirs by NTP.',
    };
  }
  const aheadMs = certainlyAheadMs(reading);
  const offMs = Math.abs(aheadMs);
  if (offMs < WORTH_SAYING_MS) {
    return { verdict: 'ok', finding: `The clocks of ${whose} and of this machine agree.` };
  }
  return {
    verdict: isCountedOn && offMs > CLOCK_SKEW_MS ? 'problem' : 'warning',
    finding: `This machine's clock is ${ms(offMs, { long: true })} ${aheadMs > 0 ? 'ahead of' : 'behind'} that of ${whose}.`,
    advice: `Set both by NTP: ${why}`,
  };
}

/** How far our clock is ahead at least; negative if it is behind. What the readings leave open counts as 0. */
function certainlyAheadMs({ theirs, ours }: ClockReading): number {
  if (ours.fromMs > theirs.toMs) return ours.fromMs - theirs.toMs;
  if (ours.toMs < theirs.fromMs) return ours.toMs - theirs.fromMs;
  return 0;
}
