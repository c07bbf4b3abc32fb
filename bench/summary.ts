import type { MeasuredLoad } from './measured-load.ts';
import type { Cell, OrchestrationResult, WholeResult } from './result.ts';
import { figureOf, percentile, percentileFigure } from './statistics.ts';
import type { Figure } from './statistics.ts';

/** What one variant did under one load in one round. */
export interface Sample extends MeasuredLoad {
  variant: string;
  round: number;
  partnerMs: number | null;
  parallel: number;
}

/** Puts the rounds of each variant and load together, in the order in which they were measured first. */
export function cellsOf(samples: Sample[]): Cell[] {
  return [...groupsOf(samples).values()].flatMap((rounds) => {
    const [first] = rounds;
    if (first === undefined) return [];
    const { variant, partnerMs, parallel } = first;
    const latencies = rounds.map(({ latenciesMs }) => latenciesMs);
    return [
      {
        variant,
        partnerMs,
        parallel,
        orders: latencies.flat().length,
        latencyMs: {
          p50: percentileFigure(latencies, 0.5),
          p95: percentileFigure(latencies, 0.95),
          p99: percentileFigure(latencies, 0.99),
        },
        ordersPerSecond: figureOf(rounds.map(ordersPerSecond)),
        cpuMsPerOrder: perOrder(rounds, ({ cpuMs }) => cpuMs),
        busiestThreadCpuMsPerOrder: perOrder(rounds, ({ busiestThreadCpuMs }) => busiestThreadCpuMs),
        memoryBytes: Object.fromEntries(
          Object.keys(first.memoryBytes).map((name) => [
            name,
            Math.max(...rounds.map(({ memoryBytes }) => memoryBytes[name] ?? 0)),
          ]),
        ),
      },
    ];
  });
}

/** How many times longer `variant` takes than `base` at the median, where both had the same load in the same round. */
export function ratiosOf(samples: Sample[], variant: string, base: string): WholeResult['ratios'] {
  return loadsOf(samples).flatMap(({ partnerMs, parallel }) => {
    const rounds = pairsOf(samples, { variant, base, partnerMs, parallel });
    const ratios = rounds.map(([ours, theirs]) => typical(ours) / typical(theirs));
    return partnerMs === null || ratios.length === 0 ? [] : [{ variant, partnerMs, parallel, p50: figureOf(ratios) }];
  });
}

/** How many milliseconds longer each variant takes than `base` at the median, under the same load in the same round. */
export function overheadsOf(samples: Sample[], base: string): OrchestrationResult['overheads'] {
  const variants = [...new Set(samples.map(({ variant }) => variant))].filter((variant) => variant !== base);
  return variants.flatMap((variant) =>
    loadsOf(samples).flatMap(({ partnerMs, parallel }) => {
      const rounds = pairsOf(samples, { variant, base, partnerMs, parallel });
      const overheads = rounds.map(([ours, theirs]) => typical(ours) - typical(theirs));
      return overheads.length === 0 ? [] : [{ variant, parallel, p50Ms: figureOf(overheads) }];
    }),
  );
}

/**
 * The most orders a second that each variant was seen to place, by the partner that answers fastest, and how each compares
 * to the plain handler round by round.
 */
export function saturationOf(samples: Sample[]): WholeResult['saturation'] {
  const partnerMs = Math.min(...samples.map((sample) => sample.partnerMs ?? 0));
  const fastest = samples.filter((sample) => sample.partnerMs === partnerMs);
  const rounds = [...new Set(fastest.map(({ round }) => round))];
  const most = (variant: string, round: number) =>
    Math.max(...fastest.filter((one) => one.variant === variant && one.round === round).map(ordersPerSecond));
  const compared = (variant: string) => ({
    ...bestOf(fastest, variant),
    ratio: figureOf(rounds.map((round) => most(variant, round) / most('plain', round))),
  });
  return {
    partnerMs,
    durable: compared('durable'),
    oneProcess: compared('one process'),
    plain: bestOf(fastest, 'plain'),
  };
}

function bestOf(samples: Sample[], variant: string): { parallel: number; ordersPerSecond: Figure } {
  const levels = [
    ...Map.groupBy(
      samples.filter((sample) => sample.variant === variant),
      ({ parallel }) => parallel,
    ),
  ].map(([parallel, rounds]) => ({ parallel, ordersPerSecond: figureOf(rounds.map(ordersPerSecond)) }));
  const [best] = levels.toSorted((a, b) => b.ordersPerSecond.value - a.ordersPerSecond.value);
  if (best === undefined) throw new Error(`Nothing was measured of ${variant}.`);
  return best;
}

/** As in the cells. */
function typical({ latenciesMs }: Sample): number {
  return percentile(latenciesMs, 0.5);
}

function ordersPerSecond({ latenciesMs, elapsedMs }: Sample): number {
  return (1000 * latenciesMs.length) / elapsedMs;
}

function perOrder(rounds: Sample[], usedOf: (sample: Sample) => Record<string, number>): Record<string, Figure> {
  const names = new Set(rounds.flatMap((sample) => Object.keys(usedOf(sample))));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      figureOf(rounds.map((sample) => (usedOf(sample)[name] ?? 0) / sample.latenciesMs.length)),
    ]),
  );
}

function groupsOf(samples: Sample[]): Map<string, Sample[]> {
  return Map.groupBy(samples, ({ variant, partnerMs, parallel }) => JSON.stringify([partnerMs, parallel, variant]));
}

function loadsOf(samples: Sample[]): { partnerMs: number | null; parallel: number }[] {
  const loads = Map.groupBy(samples, ({ partnerMs, parallel }) => JSON.stringify([partnerMs, parallel]));
  return [...loads.values()].flatMap(([first]) =>
    first ? [{ partnerMs: first.partnerMs, parallel: first.parallel }] : [],
  );
}

function pairsOf(
  samples: Sample[],
  { variant, base, partnerMs, parallel }: { variant: string; base: string; partnerMs: number | null; parallel: number },
): [Sample, Sample][] {
  const sameLoad = samples.filter((sample) => sample.partnerMs === partnerMs && sample.parallel === parallel);
  return sameLoad
    .filter((sample) => sample.variant === variant)
    .flatMap((ours) => {
      const theirs = sameLoad.find((sample) => sample.variant === base && sample.round === ours.round);
      return theirs ? [[ours, theirs] as [Sample, Sample]] : [];
    });
}
