import { availableParallelism } from 'node:os';
import type { Violation } from '../chaos/check.ts';
import { seconds, table } from '../support/reliability-page.ts';
import type { Kill } from './kills.ts';

/** The results of a run of the suite. */
export interface Figures {
  orders: number;
  kills: Kill[];
  /** HTTP requests, including those that were sent again because there was no final answer. */
  requests: number;
  /** Milliseconds from the last kill to the last final answer. */
  lastAnswerMs: number;
  violations: Violation[];
}

/** @returns the figures as Markdown. */
export function describeRun({ orders, kills, requests, lastAnswerMs, violations }: Figures): string {
  const count = (kind: Violation['kind']) => String(violations.filter((one) => one.kind === kind).length);
  return [
    table(
      ['result', 'count'],
      [
        ['orders asked for at once', String(orders)],
        ['kill -9 of the Temporal server meanwhile', String(kills.length)],
        ['HTTP requests, with those sent again for want of a final answer', String(requests)],
        ['lost', count('lost')],
        ['doubled', count('doubled')],
        ['stuck', count('stuck')],
        ['otherwise wrong', count('wrong')],
      ],
    ),
    table(
      ['Temporal is killed when', 'orders not linked then', 'listens again after, in seconds'],
      kills.map(({ moment, inFlight, downMs }) => [moment, String(inFlight), seconds(downMs)]),
    ),
    `The last answer came ${seconds(lastAnswerMs)} s after the last kill, on ${availableParallelism()} cores.`,
  ].join('\n\n');
}
