import { installedCpuMs } from './growth-summary.ts';
import type { ChangePoint } from './result.ts';
import { figureOf, percentile } from './statistics.ts';
import { cellsOf } from './summary.ts';
import type { Sample } from './summary.ts';

/**
 * Puts the rounds together, and compares each turn of each variant with those of `base` in the same round, under the same
 * load. Where `base` has several, their mean counts; each of them is compared with that of the others: how far it lies from
 * it tells what the differences are worth.
 */
export function changePointsOf(samples: Sample[], base: string): ChangePoint[] {
  return cellsOf(samples).map(
    ({ variant, parallel, orders, latencyMs, ordersPerSecond, cpuMsPerOrder: { callers: _own, ...cpuMsPerOrder } }) => {
      const turns = samples.filter((sample) => sample.variant === variant && sample.parallel === parallel);
      const asItIs = (turn: Sample, valueOf: (sample: Sample) => number) => {
        const bases = samples.filter(
          (other) => other.variant === base && other.parallel === parallel && other.round === turn.round,
        );
        const others = bases.filter((other) => other !== turn);
        return mean((others.length > 0 ? others : bases).map(valueOf));
      };
      return {
        variant,
        parallel,
        orders,
        latencyMs,
        ordersPerSecond,
        cpuMsPerOrder,
        moreMs: figureOf(turns.map((turn) => typical(turn) - asItIs(turn, typical))),
        ordersRatio: figureOf(turns.map((turn) => speed(turn) / asItIs(turn, speed))),
        moreCpuMs: figureOf(turns.map((turn) => installedCpuMs(turn) - asItIs(turn, installedCpuMs))),
      };
    },
  );
}

/** @throws RangeError without values: there is nothing to compare with. */
function mean(values: number[]): number {
  if (values.length === 0) throw new RangeError('No values, no mean.');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function typical({ latenciesMs }: Sample): number {
  return percentile(latenciesMs, 0.5);
}

/** Orders a millisecond. */
function speed({ latenciesMs, elapsedMs }: Sample): number {
  return latenciesMs.length / elapsedMs;
}
