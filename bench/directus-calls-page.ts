import { directusCalls, nameOf } from './directus-call-names.ts';
import type { DirectusCall, DirectusVariant } from './directus-call-names.ts';
import { figure, table } from './page-parts.ts';
import type { CallCost, DirectusCallsResult } from './result.ts';
import type { Figure } from './statistics.ts';

const callNames = {
  'quote and order': 'read the quote and, at the same time, an earlier order of the key',
  quote: 'read the quote alone',
  write: 'write the order with its items',
  link: "save RideNDine's ids",
} satisfies Record<DirectusCall, string>;

/** Every call to Directus by itself, in Markdown. */
export function describeDirectusCalls({ cells, orders, look }: DirectusCallsResult): string {
  const orderBy = (variant: DirectusVariant) => costOf(orders[variant]);
  const read = (variant: DirectusVariant, call: DirectusCall) => {
    const cell = cells.find((one) => one.variant === nameOf(variant, call));
    const cpu = (process: string) => figureOrDash(cell?.cpuMsPerOrder[process]);
    return { ms: figureOrDash(cell?.latencyMs.p50), directus: cpu('directus'), postgres: cpu('postgres') };
  };
  return [
    `Each call by itself, one at a time, made by the code of the steps. An order's calls come to ${orderBy('as it is')}; by a Directus as it is shipped, which copies its whole schema for each request, to ${orderBy('as shipped')}; by a new connection for each call, on loopback and without TLS, to ${orderBy('new connections')}. The look for an earlier order of the key takes ${costOf(look)} of that. What is added up or compared is so within a round.`,
    table(
      [
        '',
        'p50',
        'CPU of Directus',
        'CPU of PostgreSQL',
        'p50, Directus as shipped',
        'CPU of Directus as shipped',
        'p50, new connections',
        'CPU of Directus, new connections',
      ],
      directusCalls.map((call) => {
        const [asItIs, shipped, reconnecting] = [
          read('as it is', call),
          read('as shipped', call),
          read('new connections', call),
        ];
        return [
          callNames[call],
          asItIs.ms,
          asItIs.directus,
          asItIs.postgres,
          shipped.ms,
          shipped.directus,
          reconnecting.ms,
          reconnecting.directus,
        ];
      }),
    ),
  ].join('\n\n');
}

function costOf(cost: CallCost | undefined): string {
  if (cost === undefined) throw new Error('A way of asking Directus was not measured.');
  return `${figure(cost.ms, 1)} ms (of Directus' CPU ${figure(cost.cpuMs, 1)} ms)`;
}

function figureOrDash(value: Figure | undefined): string {
  return value ? figure(value, 1) : '–';
}
