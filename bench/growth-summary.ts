import type { GrowthPoint, GrowthTwin } from './result.ts';
import { figureOf, percentile } from './statistics.ts';
import { cellsOf } from './summary.ts';
import type { Sample } from './summary.ts';

/** What orders did at one value of what grows. */
export interface GrowthSample extends Omit<Sample, 'variant'> {
  at: number;
  /** Of a second place with that value. */
  isTwin?: boolean;
}

/** Parts of the benchmark, of no installation. */
const NOT_INSTALLED = new Set(['callers', 'ridendine sandbox']);

/** Puts the rounds together, and compares each value with the smallest where both had the same load in the same round. */
export function growthPointsOf(samples: GrowthSample[]): GrowthPoint[] {
  const smallest = Math.min(...samples.map(({ at }) => at));
  return cellsOf(samples.map((sample) => ({ ...sample, variant: String(sample.at) }))).map((cell) => {
    const at = Number(cell.variant);
    const { parallel, orders, latencyMs, ordersPerSecond, cpuMsPerOrder } = cell;
    const pairs = samples
      .filter((sample) => sample.at === at && sample.parallel === parallel)
      .flatMap((sample) => {
        const base = samples.find(
          (other) => other.at === smallest && other.parallel === parallel && other.round === sample.round,
        );
        return base ? [{ sample, base }] : [];
      });
    return {
      at,
      parallel,
      orders,
      latencyMs,
      ordersPerSecond,
      cpuMsPerOrder,
      p50Ratio: figureOf(
        pairs.map(({ sample, base }) => percentile(sample.latenciesMs, 0.5) / percentile(base.latenciesMs, 0.5)),
      ),
      cpuRatio: figureOf(pairs.map(({ sample, base }) => installedCpuMs(sample) / installedCpuMs(base))),
    };
  });
}

/** How two places compare that have the same value. */
export function twinOf(samples: GrowthSample[]): GrowthTwin[] {
  return growthPointsOf(samples.map((sample) => ({ ...sample, at: sample.isTwin ? 1 : 0 })))
    .filter(({ at }) => at === 1)
    .map(({ parallel, p50Ratio, cpuRatio }) => ({ parallel, p50Ratio, cpuRatio }));
}

/** Of one order, by all parts of an installation together. */
export function installedCpuMs({ cpuMs, latenciesMs }: Pick<Sample, 'cpuMs' | 'latenciesMs'>): number {
  const installed = Object.entries(cpuMs).filter(([name]) => !NOT_INSTALLED.has(name));
  return installed.reduce((sum, [, ms]) => sum + ms, 0) / latenciesMs.length;
}

/** The same with the CPU of several processes of one kind (`worker`, `worker 2`) as that of one. */
export function withProcessesTogether(cpuMs: Record<string, number>): Record<string, number> {
  const together: Record<string, number> = {};
  for (const [name, ms] of Object.entries(cpuMs)) {
    const kind = name.replace(/ \d+$/, '');
    together[kind] = (together[kind] ?? 0) + ms;
  }
  return together;
}
