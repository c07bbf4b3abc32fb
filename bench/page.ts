import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sum } from 'simple-statistics';
import { table, withFigures } from '../test/support/reliability-page.ts';
import { namedChanges } from './named-changes.ts';
import type { NamedChange } from './named-changes.ts';
import { AS_IT_IS } from './parts/changes.ts';
import { STORED_AGAIN } from './parts/growth.ts';
import { judgedProcesses, memoryTrend } from './parts/soak.ts';
import { busiestLoad, compared, figure, figureOf, installedCpuMs, readBenchResult, writtenResult } from './results.ts';
import type { BenchResult, Conditions, Figure, Sample } from './results.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The files that show a result in the repository. @returns the text of each file, by its path from the root. */
export async function pagesOf(result: BenchResult): Promise<Record<string, string>> {
  const written = writtenResult(result);
  const page = 'docs/performance.md';
  const figures = describePerformance(readBenchResult(written));
  return { 'bench/measured.json': written, [page]: await withFigures(page, 'bench', figures) };
}

/** Writes the files of {@link pagesOf}. @returns their paths. */
export async function writePages(result: BenchResult): Promise<string[]> {
  const pages = await pagesOf(result);
  for (const [file, text] of Object.entries(pages)) await writeFile(path.join(root, file), text);
  return Object.keys(pages);
}

/** The figures of docs/performance.md, in Markdown. */
export function describePerformance(result: BenchResult): string {
  return [
    describeWhole(result),
    [describeCosts(result), describeOrchestration(result), ...describeGrowth(result), describeSoak(result)]
      .map((line) => `- ${line}`)
      .join('\n'),
    ...describeConditions(result),
    '## Where the CPU goes',
    describeProfile(result),
    '## What helped and what did not',
    ...describeChanges(result),
  ].join('\n\n');
}

function describeWhole({ whole }: BenchResult): string {
  const { samples } = whole;
  const [partners, parallels] = [distinct(samples, 'partnerMs'), distinct(samples, 'parallel')];
  const fastest = Math.min(...partners);
  // The chart shows the other numbers of callers.
  const shownParallels = [Math.min(...parallels), busiestLoad(samples, 'workflow').parallel];
  const speeds = (variant: string) =>
    parallels.map((parallel) => figure(samples, { variant, parallel, partnerMs: fastest }, speed).value.toFixed(1));
  return [
    table(
      ['RideNDine takes', 'callers', 'plain handler, ms', 'workflow, ms', 'ratio', 'one process, ratio', 'orders/s'],
      partners.flatMap((partnerMs) =>
        shownParallels.map((parallel) => {
          const load = { parallel, partnerMs };
          const ratio = (variant: string) =>
            shown(compared(samples, { ...load, variant, base: 'plain handler' }, ratioOf(p50)), 2);
          return [
            `${partnerMs} ms`,
            String(parallel),
            figure(samples, { ...load, variant: 'plain handler' }, p50).value.toFixed(0),
            figure(samples, { ...load, variant: 'workflow' }, p50).value.toFixed(0),
            ratio('workflow'),
            ratio('one process'),
            shown(figure(samples, { ...load, variant: 'workflow' }, speed), 1),
          ];
        }),
      ),
    ),
    chart({
      title: `Orders a second by callers, RideNDine taking ${fastest} ms: plain handler above, workflow below`,
      labels: parallels.map(String),
      plots: [`line [${speeds('plain handler').join(', ')}]`, `line [${speeds('workflow').join(', ')}]`],
    }),
  ].join('\n\n');
}

function describeCosts({ whole, orchestration }: BenchResult): string {
  const { history, directusBytes, samples } = whole;
  const load = busiestLoad(samples, 'workflow');
  const used = (name: string) => figure(samples, load, ({ cpuMs }) => cpuMs[name] ?? 0).value.toFixed(0);
  const total = (variant: string) => shown(figure(samples, { ...load, variant }, installedCpuMs), 0);
  const stored = orchestration.temporalBytes;
  return (
    `CPU of an order with ${load.parallel} callers: ${total('workflow')} ms (${['worker', 'temporal', 'directus', 'postgres', 'gateway'].map((name) => `${name} ${used(name)}`).join(', ')}), by the plain handler ${total('plain handler')} ms. ` +
    `The order leaves ${history.events} events and ${kilobytes(history.bytes)} in Temporal's history, ${kilobytes(directusBytes)} in Directus' database` +
    `${stored === null ? '' : ` and ${kilobytes(stored)} in that of a production Temporal`}.`
  );
}

function describeOrchestration({ orchestration: { samples, waitsMs } }: BenchResult): string {
  const each = [...new Set(samples.map(({ variant }) => variant))].map((variant) => {
    const { parallel } = busiestLoad(samples, variant);
    const more = figure(samples, { variant, parallel: 1 }, ({ p50Ms }) => p50Ms - sum(waitsMs));
    return `${variant}: ${shown(more, 0)} ms more, ${shown(figure(samples, { variant, parallel }, speed), 1)} orders/s with ${parallel} callers`;
  });
  return `The workflow alone, its steps replaced by waits of ${waitsMs.join(', ')} ms. ${each.join('; ')}.`;
}

function describeGrowth({ growth: { samples, stored, items } }: BenchResult): string[] {
  const partnerMs = samples[0]?.partnerMs ?? null;
  const timesAsLong = (variant: string, base: string) =>
    `${shown(compared(samples, { variant, base, parallel: 1, partnerMs }, ratioOf(p50)), 2)} times as long`;
  const [fewest, most] = [stored[0], stored.at(-1)];
  const [smallest, largest] = [items[0], items.at(-1)];
  if (!fewest || !most || !smallest || !largest) throw new Error('The result lacks a value of what grows.');
  return [
    `With ${count(most)} orders in Directus instead of ${count(fewest)}, an order takes ${timesAsLong(`stored ${most}`, `stored ${fewest}`)}; in a second stack with ${count(fewest)} it takes ${timesAsLong(STORED_AGAIN, `stored ${fewest}`)}.`,
    `With ${largest.items} items instead of ${smallest.items}, an order takes ${timesAsLong(`items ${largest.items}`, `items ${smallest.items}`)} and leaves ${kilobytes(largest.history.bytes)} of history instead of ${kilobytes(smallest.history.bytes)}.`,
  ];
}

function describeSoak({ soak }: BenchResult): string {
  const each = judgedProcesses.map((name) => {
    const [trend, before, after] = [memoryTrend(soak.samples, name), soak.before[name], soak.after[name]];
    const perOrder = (bytesPerSecond: number) => (bytesPerSecond / soak.ordersPerSecond / 1000).toFixed(2);
    const memory = trend
      ? `${trend.bytesPerSecond > trend.uncertainty ? 'MEMORY GROWS by' : 'memory has no trend:'} ${perOrder(trend.bytesPerSecond)} ± ${perOrder(trend.uncertainty)} kB an order`
      : 'too few samples for a trend of its memory';
    const more = (kind: 'files' | 'sockets') => Math.max(0, (after?.[kind] ?? 0) - (before?.[kind] ?? 0));
    return `${name}: ${memory}, ${more('files')} more file descriptors and ${more('sockets')} more sockets than before`;
  });
  return `${count(soak.orders)} orders at ${soak.ordersPerSecond.toFixed(1)} a second (p50 ${soak.p50Ms.toFixed(0)} ms, p99 ${soak.p99Ms.toFixed(0)} ms). ${each.join('; ')}.`;
}

function describeConditions(result: BenchResult): string[] {
  const parts = Object.entries<Conditions>(result).map(([part, { measuredOn, rounds, machine }]) => {
    const { cores, processor, memoryGb, system, loadBefore } = machine;
    const how = `${rounds === 1 ? '1 round' : `${rounds} rounds`}, load before it ${loadBefore.toFixed(1)}`;
    return { part, text: `${measuredOn}, ${how}, ${cores} cores (${processor}), ${memoryGb} GB, ${system}.` };
  });
  return [...Map.groupBy(parts, ({ text }) => text)].map(
    ([text, same]) => `_Measured (${same.map(({ part }) => part).join(', ')}): ${text}_`,
  );
}

function describeProfile({ profile: { orders, parallel, causes } }: BenchResult): string {
  const { worker, gateway } = causes;
  const totals = { worker: sum(Object.values(worker)), gateway: sum(Object.values(gateway)) };
  const rows = [...new Set([...Object.keys(worker), ...Object.keys(gateway)])]
    .toSorted((a, b) => (worker[b] ?? 0) - (worker[a] ?? 0) || (gateway[b] ?? 0) - (gateway[a] ?? 0))
    .map((cause) => [cause, share(worker[cause], totals.worker), share(gateway[cause], totals.gateway)])
    .filter(([, ...cells]) => cells.some((text) => text !== ''));
  return [
    `CPU of one of ${orders} orders with ${parallel} callers, what the process uses at rest included, while V8 looked every half millisecond:`,
    table(
      ['', 'worker', 'gateway'],
      [...rows, ['all', `${totals.worker.toFixed(1)} ms`, `${totals.gateway.toFixed(1)} ms`]],
    ),
  ].join('\n\n');
}

/** A time and its share of `total`; empty if the time would be shown as 0. */
function share(ms = 0, total: number): string {
  return ms < 0.05 ? '' : `${ms.toFixed(1)} ms, ${((100 * ms) / total).toFixed(0)} %`;
}

const KINDS = {
  undone: 'Helps; figures without it:',
  tried: 'Tried and not taken; figures with it:',
  price: 'What a promise costs; figures without it, or with it for the file:',
  bare: 'What Temporal itself takes:',
} satisfies Record<NamedChange['kind'], string>;

function describeChanges({ changes }: BenchResult): string[] {
  const { samples, bursts, workerReadyMs, ordersInBurst } = changes;
  const most = busiestLoad(samples, AS_IT_IS).parallel;
  const against = (variant: string) => ({
    more: compared(samples, { variant, parallel: 1, base: AS_IT_IS }, differenceOf(p50)),
    ratio: compared(samples, { variant, parallel: most, base: AS_IT_IS }, ratioOf(speed)),
  });
  const ready = (variant: string) => figureOf(workerReadyMs[variant] ?? []).value;
  const measured = namedChanges.filter(({ name }) => name in bursts);
  const lines = measured.map(({ name, kind, about, compiledAtStart }, index) => {
    const { more, ratio } = against(name);
    const { all = 0, stalled = 0 } = bursts[name] ?? {};
    return {
      kind,
      text:
        `${index + 1}. **${name}**: ${signed(more.value)} ms, ${ratio.value.toFixed(2)}` +
        (stalled > 0 ? `, ${stalled} of ${all} bursts stalled` : '') +
        `${compiledAtStart ? `, a worker ready after ${ready(name).toFixed(0)} instead of ${ready(AS_IT_IS).toFixed(0)} ms` : ''}. ${about}`,
    };
  });
  const noise = against(AS_IT_IS);
  const stalled = bursts[AS_IT_IS];
  return [
    `The workflow alone with one thing changed: how many ms longer an order takes with one caller, and how many times as many orders a second ${most} callers place. As it is, it takes ${shown(figure(samples, { variant: AS_IT_IS, parallel: 1 }, p50), 0)} ms and places ${shown(figure(samples, { variant: AS_IT_IS, parallel: most }, speed), 1)} orders/s. Its own turns differ by ${signed(noise.more.lowest)} to ${signed(noise.more.highest)} ms and ${noise.ratio.lowest.toFixed(2)} to ${noise.ratio.highest.toFixed(2)}: smaller differences are noise. A burst of ${ordersInBurst} orders _stalls_ if none is done for a second; as it is, ${stalled?.stalled} of ${stalled?.all} do.`,
    chart({
      title: `Orders a second with ${most} callers, as it is = 1`,
      labels: measured.map((_change, index) => String(index + 1)),
      plots: [`bar [${measured.map(({ name }) => against(name).ratio.value.toFixed(2)).join(', ')}]`],
      isHorizontal: true,
    }),
    ...[...Map.groupBy(lines, ({ kind }) => kind)].map(
      ([kind, some]) => `${KINDS[kind]}\n\n${some.map(({ text }) => text).join('\n')}`,
    ),
  ];
}

const p50 = (sample: Sample) => sample.p50Ms;
const speed = (sample: Sample) => sample.ordersPerSecond;
const ratioOf = (read: (sample: Sample) => number) => (ours: Sample, theirs: Sample) => read(ours) / read(theirs);
const differenceOf = (read: (sample: Sample) => number) => (ours: Sample, theirs: Sample) => read(ours) - read(theirs);

function distinct(samples: Sample[], key: 'partnerMs' | 'parallel'): number[] {
  return [...new Set(samples.map((sample) => sample[key] ?? 0))].toSorted((a, b) => a - b);
}

/** The figure, with the lowest and the highest round if these differ. */
function shown({ value, lowest, highest }: Figure, digits: number): string {
  if (lowest === highest) return value.toFixed(digits);
  return `${value.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** A chart in Mermaid. */
function chart(options: { title: string; labels: string[]; plots: string[]; isHorizontal?: boolean }): string {
  const { title, labels, plots, isHorizontal } = options;
  return [
    '```mermaid',
    `xychart-beta${isHorizontal ? ' horizontal' : ''}`,
    `    title "${title}"`,
    `    x-axis [${labels.map((label) => `"${label}"`).join(', ')}]`,
    ...plots.map((plot) => `    ${plot}`),
    '```',
  ].join('\n');
}
