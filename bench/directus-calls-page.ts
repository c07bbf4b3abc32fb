import { directusCalls, nameOf } from './directus-call-names.ts';
import type { DirectusCall, DirectusVariant } from './directus-call-names.ts';
import { figure, table } from './page-parts.ts';
import type { Cell, DirectusCallsResult } from './result.ts';
import type { Figure } from './statistics.ts';

const callNames = {
  'quote and order': 'read the quote and, at the same time, an earlier order of the key',
  quote: 'read the quote alone',
  write: 'write the order with its items',
  link: "save RideNDine's ids",
} satisfies Record<DirectusCall, string>;

/** What an order asks, without what it could ask instead. */
const ofAnOrder: DirectusCall[] = ['quote and order', 'write', 'link'];

/** Every call to Directus by itself, in Markdown. */
export function describeDirectusCalls({ cells }: DirectusCallsResult): string {
  const [asItIs, asShipped] = [callsOf(cells, 'as it is'), callsOf(cells, 'as shipped')];
  const [ours, theirs] = [orderOf(asItIs), orderOf(asShipped)];
  const [withLook, withoutLook] = [asItIs['quote and order'], asItIs.quote];
  const look = { ms: withLook.ms.value - withoutLook.ms.value, cpuMs: withLook.cpuMs.value - withoutLook.cpuMs.value };
  return [
    `Each call by itself, one at a time, made by the code of the steps. An order's calls come to ${millisecondsOf(ours, 0)}; by a Directus as it is shipped, which copies its whole schema for each request, to ${millisecondsOf(theirs, 0)}. The look for an earlier order of the key takes ${millisecondsOf(look, 1)} of that. Those are sums and differences of the medians below.`,
    table(
      ['', 'p50', 'CPU of Directus', 'CPU of PostgreSQL', 'p50, Directus as shipped', 'its CPU'],
      directusCalls.map((call) => [
        callNames[call],
        figure(asItIs[call].ms, 1),
        figure(asItIs[call].cpuMs, 1),
        figure(asItIs[call].postgresCpuMs, 1),
        figure(asShipped[call].ms, 1),
        figure(asShipped[call].cpuMs, 1),
      ]),
    ),
  ].join('\n\n');
}

interface CallFigures {
  ms: Figure;
  cpuMs: Figure;
  postgresCpuMs: Figure;
}

function callsOf(cells: Cell[], variant: DirectusVariant): Record<DirectusCall, CallFigures> {
  const figuresOf = (call: DirectusCall): CallFigures => {
    const cell = cells.find((one) => one.variant === nameOf(variant, call));
    const [cpuMs, postgresCpuMs] = [cell?.cpuMsPerOrder['directus'], cell?.cpuMsPerOrder['postgres']];
    if (!cell || !cpuMs || !postgresCpuMs) throw new Error(`"${nameOf(variant, call)}" was not measured.`);
    return { ms: cell.latencyMs.p50, cpuMs, postgresCpuMs };
  };
  return {
    'quote and order': figuresOf('quote and order'),
    quote: figuresOf('quote'),
    write: figuresOf('write'),
    link: figuresOf('link'),
  };
}

function orderOf(calls: Record<DirectusCall, CallFigures>): { ms: number; cpuMs: number } {
  const figures = ofAnOrder.map((call) => calls[call]);
  return {
    ms: figures.reduce((sum, { ms }) => sum + ms.value, 0),
    cpuMs: figures.reduce((sum, { cpuMs }) => sum + cpuMs.value, 0),
  };
}

function millisecondsOf({ ms, cpuMs }: { ms: number; cpuMs: number }, digits: number): string {
  return `${ms.toFixed(digits)} ms (${cpuMs.toFixed(digits)} ms of Directus' CPU)`;
}
