import { AS_IS } from './change-variants.ts';
import { pointOf } from './changes-page.ts';
import { figure, table } from './page-parts.ts';
import { conditionsOf } from './result.ts';
import type { BenchResult, ChangesResult } from './result.ts';
import { judgedProcesses } from './soak-processes.ts';
import { judgedTrend } from './soak-page.ts';
import type { Figure } from './statistics.ts';
import { isFlat } from './trend.ts';

/** The most that an order may take if RideNDine takes 20 ms, by the plain handler. */
const TIMES_AS_LONG = 1.5;

/** What was aimed at, on two cores, and what came of it, in Markdown. */
export function describeAims(result: BenchResult): string {
  const { whole, orchestration, growth, soak } = result;
  const timesAsLong = (ms: number) =>
    found(
      whole.ratios.find(
        ({ variant, partnerMs, parallel }) => variant === 'durable' && partnerMs === ms && parallel === 1,
      ),
    ).p50;
  const overhead = found(orchestration.overheads.find((one) => one.variant === 'memory' && one.parallel === 1));
  const together = found(orchestration.cells.find((one) => one.variant === 'memory' && one.parallel === 32));
  const mostStored = Math.max(...growth.stored.points.map(({ at }) => at));
  const grown = found(growth.stored.points.find(({ at, parallel }) => at === mostStored && parallel === 1));
  const flat = judgedProcesses.map((name) => ({ name, isIt: isFlat(judgedTrend(found(soak.processes[name]))) }));
  return [
    table(
      [`on ${conditionsOf(result, 'whole').machine.cores} cores`, 'aim', 'came to', ''],
      [
        atMost('an order, RideNDine taking 20 ms, by the plain handler = 1', TIMES_AS_LONG, timesAsLong(20), 2),
        atMost('an order, RideNDine taking 300 ms, by the plain handler = 1', 1.1, timesAsLong(300), 2),
        atLeast('orders/s at most, by the plain handler = 1', 0.5, whole.saturation.durable.ratio, 2),
        atMost('ms that the orchestration adds to the waits, one order at a time', 35, overhead.p50Ms, 0),
        atLeast('orders/s of the orchestration, 32 in parallel', 60, together.ordersPerSecond, 1),
        atMost('an order with the most orders in Directus, with the fewest = 1', 1.1, grown.p50Ratio, 2),
        [
          'trend of the memory of worker and gateway',
          'none found',
          trendOf(flat),
          verdict(flat.every(({ isIt }) => isIt === true)),
        ],
      ],
    ),
    'What stands against the first five:',
    [byTheClock(result), byTheCores(result)].map((reason) => `- ${reason}`).join('\n'),
  ].join('\n\n');
}

function byTheClock({ whole, changes }: BenchResult): string {
  const plain = found(
    whole.cells.find((cell) => cell.variant === 'plain' && cell.partnerMs === 20 && cell.parallel === 1),
  );
  const plainMs = plain.latencyMs.p50.value;
  return [
    `**Time.** The plain handler takes ${plainMs.toFixed(0)} ms if RideNDine takes 20 ms, so that ${((TIMES_AS_LONG - 1) * plainMs).toFixed(0)} ms are left for the orchestration.`,
    `Measured in turn with nothing else at work ([below](#what-each-change-is-worth)), the product's workflow adds ${ofChange(changes, AS_IS)};`,
    `one that takes the same steps and can do nothing else, unencrypted, adds ${ofChange(changes, 'bare local')}: that is Temporal itself.`,
    "A part of both is the sandbox's watchdog, which was left as it is.",
  ].join(' ');
}

function byTheCores(result: BenchResult): string {
  const { cells } = result.whole;
  const { cores } = conditionsOf(result, 'whole').machine;
  const cpuMs = (variant: string) => {
    const cell = found(cells.find((one) => one.variant === variant && one.partnerMs === 20 && one.parallel === 32));
    return Object.values(cell.cpuMsPerOrder).reduce((sum, { value }) => sum + value, 0);
  };
  const [durable, plain] = [cpuMs('durable'), cpuMs('plain')];
  const atMostOf = (ms: number) => ((1000 * cores) / ms).toFixed(0);
  return [
    `**Cores.** With 32 in parallel an order takes ${durable.toFixed(0)} ms of CPU by the workflow and ${plain.toFixed(0)} ms by the plain handler, callers and sandbox included ([what takes it](#what-an-order-costs)).`,
    `${cores} cores have that for ${atMostOf(durable)} and ${atMostOf(plain)} orders/s at most.`,
  ].join(' ');
}

function ofChange({ points, waitsMs }: ChangesResult, variant: string): string {
  const [alone, together] = [pointOf(points, variant, 1), pointOf(points, variant, 32)];
  const addedMs = alone.latencyMs.p50.value - waitsMs.reduce((sum, ms) => sum + ms, 0);
  return `${addedMs.toFixed(0)} ms to the waits and places ${together.ordersPerSecond.value.toFixed(1)} orders/s`;
}

function trendOf(flat: { name: string; isIt: boolean | undefined }[]): string {
  const told = flat
    .filter(({ isIt }) => isIt !== true)
    .map(({ name, isIt }) => (isIt === undefined ? `too few samples of the ${name}` : `a trend of the ${name}`));
  return told.length === 0 ? 'none found' : told.join(', ');
}

function atMost(what: string, aim: number, came: Figure, digits: number): string[] {
  return [what, `at most ${aim}`, figure(came, digits), verdict(came.value <= aim)];
}

function atLeast(what: string, aim: number, came: Figure, digits: number): string[] {
  return [what, `at least ${aim}`, figure(came, digits), verdict(came.value >= aim)];
}

function verdict(isReached: boolean): string {
  return isReached ? 'reached' : 'not reached';
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The result lacks something that was aimed at.');
  return value;
}
