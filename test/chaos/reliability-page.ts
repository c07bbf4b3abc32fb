import { availableParallelism } from 'node:os';
import { seconds, table, writeFigures } from '../support/reliability-page.ts';
import { crashNames } from './crashes.ts';
import type { CrashKind } from './crashes.ts';
import type { Recovery } from './crash-drill.ts';
import type { Figures } from './figures.ts';
import type { Moment, Step } from './held-orders.ts';

/** Writes the figures of the chaos suite into docs/reliability.md. */
export function writeReliabilityPage(figures: Figures): Promise<void> {
  return writeFigures('chaos', describeRun(figures));
}

/** The figures as Markdown. */
export function describeRun(figures: Figures): string {
  const { seed, orders, duplicates, requests, decisions, partnerCalls, stormMs, violations } = figures;
  const struck = [...figures.faults.values()].filter((times) => times > 0);
  const count = (kind: 'lost' | 'doubled' | 'stuck' | 'wrong') => String(violations.get(kind) ?? 0);
  return [
    `\`CHAOS_SEED=${seed} CHAOS_ORDERS=${orders.storm}\``,
    table(
      ['result', 'count'],
      [
        ['orders in the storm', String(orders.storm)],
        ['orders in the middle of a step at a crash', String(orders.drills)],
        ['duplicate requests in the storm', String(duplicates)],
        ['HTTP requests, with those sent again for want of a final answer', String(requests)],
        ['calls to RideNDine in the storm', String(partnerCalls)],
        ['decisions of support staff', String(decisions)],
        ['lost', count('lost')],
        ['doubled', count('doubled')],
        ['stuck', count('stuck')],
        ['otherwise wrong', count('wrong')],
      ],
    ),
    `The storm took ${Math.round(stormMs / 1000)} s on ${availableParallelism()} cores. What was done to it:`,
    table(
      ['crash or fault', 'times'],
      [
        ...[...figures.stormCrashes].map(([kind, times]) => [crashNames[kind], String(times)]),
        [`RideNDine: ${struck.length} kinds of faults`, String(struck.reduce((sum, times) => sum + times, 0))],
      ],
    ),
    'From a crash to the answer with the ids, in seconds, by the step that the order was in when the crash came:',
    describeRecoveries(figures),
  ].join('\n\n');
}

const kinds: CrashKind[] = ['worker', 'temporal', 'directus', 'ridendine'];

const momentNames = {
  before: 'before its effect',
  late: 'before its effect, which comes late',
  after: 'after its effect',
} as const satisfies Record<Moment, string>;

function describeRecoveries({ recoveries }: Figures): string {
  const ofStep = (step: Step) =>
    (['before', 'late', 'after'] as const)
      .map((moment) => ({ moment, some: recoveries.filter((one) => one.step === step && one.moment === moment) }))
      .filter(({ some }) => some.length > 0)
      .map(({ moment, some }) => [
        `\`${step}\``,
        // This step has no effect: it only reads the quote.
        step === 'validateCheckout' ? 'in the middle of it' : momentNames[moment],
        ...describeByCrash(some),
      ]);
  return table(
    ['in', 'the crash comes', ...kinds.map((kind) => crashNames[kind])],
    [...steps.flatMap(ofStep), ['any', '(median / longest)', ...describeByCrash(recoveries)]],
  );
}

const steps: Step[] = ['validateCheckout', 'createOrderRecord', 'createRideNDineOrder', 'saveLinkIds'];

function describeByCrash(recoveries: Recovery[]): string[] {
  return kinds.map((kind) => describeTimes(recoveries.filter(({ crash }) => crash === kind).map(({ ms }) => ms)));
}

/** The median, and the longest if there is more than one time. */
function describeTimes(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  if (sorted.length === 0) return '–';
  const median = seconds(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0);
  return sorted.length === 1 ? median : `${median} / ${seconds(sorted.at(-1) ?? 0)}`;
}
