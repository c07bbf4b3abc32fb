import { callsOfAnOrder, directusVariants, nameOf } from './directus-call-names.ts';
import type { DirectusCall, DirectusVariant } from './directus-call-names.ts';
import type { CallCost, DirectusCallsResult } from './result.ts';
import { figureOf, percentile } from './statistics.ts';
import { cellsOf } from './summary.ts';
import type { Sample } from './summary.ts';

/** Of one call, or of several. */
interface Cost {
  ms: number;
  cpuMs: number;
}

/** Puts the rounds together; what is added up or compared is so within a round. */
export function directusCallsResult(samples: Sample[]): DirectusCallsResult {
  const rounds = [...new Set(samples.map(({ round }) => round))];
  const costOf = (variant: DirectusVariant, call: DirectusCall, round: number): Cost => {
    const sample = samples.find((one) => one.variant === nameOf(variant, call) && one.round === round);
    if (sample === undefined) throw new Error(`"${nameOf(variant, call)}" was not measured.`);
    const { latenciesMs, cpuMs } = sample;
    return { ms: percentile(latenciesMs, 0.5), cpuMs: (cpuMs['directus'] ?? 0) / latenciesMs.length };
  };
  const orderIn = (variant: DirectusVariant) => (round: number) =>
    callsOfAnOrder
      .map((call) => costOf(variant, call, round))
      .reduce((sum, cost) => ({ ms: sum.ms + cost.ms, cpuMs: sum.cpuMs + cost.cpuMs }));
  const lookIn = (round: number) => {
    const [withIt, without] = [costOf('as it is', 'quote and order', round), costOf('as it is', 'quote', round)];
    return { ms: withIt.ms - without.ms, cpuMs: withIt.cpuMs - without.cpuMs };
  };
  return {
    cells: cellsOf(samples),
    orders: Object.fromEntries(directusVariants.map((variant) => [variant, figuresOf(rounds.map(orderIn(variant)))])),
    look: figuresOf(rounds.map(lookIn)),
  };
}

function figuresOf(rounds: Cost[]): CallCost {
  return { ms: figureOf(rounds.map(({ ms }) => ms)), cpuMs: figureOf(rounds.map(({ cpuMs }) => cpuMs)) };
}
