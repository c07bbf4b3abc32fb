import { installedCpuMs } from './growth-summary.ts';
import type { ChangePoint } from './result.ts';
import { figureOf, percentile } from './statistics.ts';
import { cellsOf } from './summary.ts';
import type { Sample } from './summary.ts';

/** Puts the rounds together, and compares each variant with `base` where both had the same load in the same round. */
export function changePointsOf(samples: Sample[], base: string): ChangePoint[] {
  return cellsOf(samples).map(
    ({ variant, parallel, orders, latencyMs, ordersPerSecond, cpuMsPerOrder: { callers: _own, ...cpuMsPerOrder } }) => {
      const pairs = samples
        .filter((sample) => sample.variant === variant && sample.parallel === parallel)
        .flatMap((changed) => {
          const asItIs = samples.find(
            (other) => other.variant === base && other.parallel === parallel && other.round === changed.round,
          );
          return asItIs ? [{ changed, asItIs }] : [];
        });
      return {
        variant,
        parallel,
        orders,
        latencyMs,
        ordersPerSecond,
        cpuMsPerOrder,
        moreMs: figureOf(pairs.map(({ changed, asItIs }) => typical(changed) - typical(asItIs))),
        ordersRatio: figureOf(pairs.map(({ changed, asItIs }) => speed(changed) / speed(asItIs))),
        moreCpuMs: figureOf(pairs.map(({ changed, asItIs }) => installedCpuMs(changed) - installedCpuMs(asItIs))),
      };
    },
  );
}

function typical({ latenciesMs }: Sample): number {
  return percentile(latenciesMs, 0.5);
}

/** Orders a millisecond. */
function speed({ latenciesMs, elapsedMs }: Sample): number {
  return latenciesMs.length / elapsedMs;
}
