import { availableParallelism } from 'node:os';
import { seconds, table } from '../support/reliability-page.ts';

/** One thing that a run of the suite saw. */
export interface Observation {
  what: string;
  seen: string;
  /** How long that took, in milliseconds. Undefined where the time means nothing. */
  ms?: number;
}

/** @returns the observations as Markdown. */
export function describeObservations(engine: string, observations: Observation[]): string {
  return [
    `On ${availableParallelism()} cores, by ${engine}:`,
    table(
      ['what was done', 'what was seen', 'seconds'],
      observations.map(({ what, seen, ms }) => [what, seen, ms === undefined ? '' : seconds(ms)]),
    ),
  ].join('\n\n');
}
