import { table } from '../support/reliability-page.ts';
import type { SearchResult, Violation } from './search.ts';

/** Begins the line of each rule that does not hold. */
export const BROKEN = 'Broken: ';

/** A violation as text for people. The last line is the command that runs the schedule again. */
function tellViolation({ seed, schedule, broken, story, again }: Violation): string[] {
  return [
    `Seed ${seed}:`,
    ...story,
    ...broken.map((sentence) => `${BROKEN}${sentence}`),
    ...(again ? [`It came again in ${again.times} of ${again.runs} runs.`] : []),
    `npm run search -- --replay '${JSON.stringify(schedule)}'`,
  ];
}

/** The result of a search: how often each pair of action and state was reached, and which rules were broken. */
export function tellSearch({ runs, violations, coverage }: SearchResult): string[] {
  return [
    ...[...coverage].toSorted(([, a], [, b]) => b - a).map(([pair, times]) => `${times} × ${pair}`),
    `${coverage.size} pairs of action and state were reached.`,
    ...violations.flatMap(tellViolation),
    `${runs} schedules, ${violations.length} with a violation.`,
  ];
}

/** The figures for docs/reliability.md: how often each kind of action met a run in each stage or with each end. */
export function describeSearch(
  { runs, violations, coverage }: SearchResult,
  { seed, seconds }: { seed: number; seconds: number },
): string {
  const counts = new Map<string, Map<string, number>>();
  for (const [pair, times] of coverage) {
    const [action = '', state = ''] = pair.split(' | ');
    const run = state.split(',')[0] ?? '';
    if (run === 'any') continue;
    const kind = action.replace(/ (retry|abandon|link|malformed|twice).*| to its.*/, '');
    const row = counts.get(kind) ?? new Map<string, number>();
    counts.set(kind, row.set(run, (row.get(run) ?? 0) + times));
  }
  const states = [...new Set([...counts.values()].flatMap((row) => [...row.keys()]))].toSorted();
  return [
    `\`npm run search -- --runs ${runs} --seed ${seed}\`: ${runs} schedules in ${Math.round(seconds)} s, ${violations.length} with a violation; ${coverage.size} pairs of an action and a state of run and order were reached. By the state of the run:`,
    table(
      ['', ...states.map((state) => `\`${state}\``)],
      [...counts].map(([kind, row]) => [kind, ...states.map((state) => String(row.get(state) ?? 0))]),
    ),
  ].join('\n\n');
}
