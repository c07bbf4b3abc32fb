import { availableParallelism } from 'node:os';
import { seconds, table } from '../support/reliability-page.ts';

/** What a run of the suite saw, in the order in which it saw it. */
export interface Observation {
  what: string;
  seen: string;
  /** Undefined where the time says nothing. */
  ms?: number;
}

/** In Markdown. */
export function describeObservations(engine: string, observations: Observation[]): string {
  return [
    `On ${availableParallelism()} cores, by ${engine}:`,
    table(
      ['what was done', 'what was seen', 'seconds'],
      observations.map(({ what, seen, ms }) => [what, seen, ms === undefined ? '' : seconds(ms)]),
    ),
  ].join('\n\n');
}
