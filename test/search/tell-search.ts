import type { SearchResult, Violation } from './search.ts';

/** A violation as people read it, the last line as they run it again. */
function tellViolation({ seed, schedule, broken, story }: Violation): string[] {
  return [`Seed ${seed}:`, ...story, ...broken, `npm run search -- --replay '${JSON.stringify(schedule)}'`];
}

/** What a search has come to: how often each pair of action and state was reached, and what does not hold. */
export function tellSearch({ runs, violations, coverage }: SearchResult): string[] {
  return [
    ...[...coverage].toSorted(([, a], [, b]) => b - a).map(([pair, times]) => `${times} × ${pair}`),
    `${coverage.size} pairs of action and state were reached.`,
    ...violations.flatMap(tellViolation),
    `${runs} schedules, ${violations.length} with a violation.`,
  ];
}
