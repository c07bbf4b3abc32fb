import { readSlots, slotVariables } from '../src/config/worker-settings.ts';
import { PRODUCTION_SERVER, busiestLoad, figure, samplesOf } from '../bench/results.ts';
import type { AtRest, BenchResult, Load, Sample } from '../bench/results.ts';

/** The parts of a benchmark result from which the plan is calculated. */
export type MeasuredCosts = Pick<BenchResult, 'whole' | 'orchestration'>;

export interface Demand {
  ordersPerSecond: number;
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  /** How long a worker waits for an answer of RideNDine (`RIDENDINE_TIMEOUT_MS`). */
  partnerTimeoutMs: number;
  /** The share of the time that a core may be busy, from 0 to 1. Work above that share waits in queues. */
  utilisation: number;
  /** How long a finished order stays in Temporal. */
  retentionDays: number;
}

/** The values that are assumed if the user gives no others. */
export const usualDemand: Omit<Demand, 'ordersPerSecond'> = {
  partnerMs: 500,
  partnerTimeoutMs: 15_000,
  utilisation: 0.6,
  retentionDays: 30,
};

export interface CapacityPlan {
  parts: PartPlan[];
  cores: number;
  memoryBytes: number;
  activitySlots: {
    /** Slots in use on average. With `needed` slots, hardly any call waits for one. */
    inUse: number;
    needed: number;
    /** Slots needed while every call to RideNDine runs into its time-out. */
    whenPartnerHangs: number;
    /** Slots that all planned workers have with the default settings. */
    available: number;
  };
  temporalBytesPerDay: number;
  directusBytesPerDay: number;
}

export interface PartPlan {
  name: string;
  processes: number;
  cores: number;
  memoryBytes: number;
  /** Orders per second that these processes carry, or these cores, rounded up, if one process uses several cores. */
  carries: number;
}

/** Node programs. Their own code runs on one thread, so more work needs more processes. */
const ONE_THREAD = new Set(['gateway', 'worker', 'directus']);
/** The least number of processes of each Node program: if one stops, orders go on. */
const FEWEST_PROCESSES = 2;
const DAY_S = 24 * 60 * 60;

/**
 * Calculates from the measured costs what is needed to carry the orders. CPU grows with the number of orders. The
 * number of calls under way at a time is the rate times the duration of one call (Little's law).
 *
 * @throws Error if the result lacks a load that the plan needs.
 */
export function planCapacity({ whole, orchestration }: MeasuredCosts, demand: Demand): CapacityPlan {
  const { ordersPerSecond, partnerMs, partnerTimeoutMs, utilisation } = demand;
  const ofStack = { samples: whole.samples, load: busiestLoad(whole.samples, 'workflow'), atRest: whole.atRest };
  const production = orchestration.atRest[PRODUCTION_SERVER];
  // Temporal's costs come from the production server if that was measured, else from the whole stack.
  const ofTemporal = production && {
    samples: orchestration.samples,
    load: busiestLoad(orchestration.samples, PRODUCTION_SERVER),
    atRest: production,
  };
  const parts = [
    planPart(ofStack, 'gateway', demand),
    planPart(ofStack, 'worker', demand),
    planPart(ofTemporal ?? ofStack, 'temporal', demand),
    ...(ofTemporal ? [planPart(ofTemporal, 'temporal database', demand)] : []),
    planPart(ofStack, 'directus', demand),
    { ...planPart(ofStack, 'postgres', demand), name: 'directus database' },
  ];
  const workers = parts.find(({ name }) => name === 'worker')?.processes ?? 0;
  const calls = (ms: number) => (ordersPerSecond * ms) / 1000;
  const { maxConcurrentActivityTaskExecutions: slotsEach } = readSlots(slotVariables.parse({}));
  return {
    parts,
    cores: sum(parts.map(({ cores }) => cores)),
    memoryBytes: sum(parts.map(({ memoryBytes }) => memoryBytes)),
    // The call to RideNDine is the only activity of an order that succeeds. Its other steps are local activities.
    activitySlots: {
      inUse: calls(partnerMs),
      needed: Math.ceil(calls(partnerMs) / utilisation),
      whenPartnerHangs: Math.ceil(calls(partnerTimeoutMs)),
      available: workers * slotsEach,
    },
    temporalBytesPerDay: ordersPerSecond * DAY_S * (orchestration.temporalBytes ?? whole.history.bytes),
    directusBytesPerDay: ordersPerSecond * DAY_S * whole.directusBytes,
  };
}

function planPart(
  { samples, load, atRest }: { samples: Sample[]; load: Load; atRest: AtRest },
  name: string,
  { ordersPerSecond, utilisation }: Demand,
): PartPlan {
  const cpuMs = figure(samples, load, (sample) => sample.cpuMs[name] ?? 0).value;
  const restMs = atRest[name] ?? 0;
  const memoryBytes = Math.max(...samplesOf(samples, load).map((sample) => sample.memoryBytes[name] ?? 0));
  const coresFor = (processes: number) => (ordersPerSecond * cpuMs + processes * restMs) / 1000 / utilisation;
  if (!ONE_THREAD.has(name)) {
    const cores = coresFor(1);
    const carries = (Math.ceil(cores) * 1000 * utilisation - restMs) / cpuMs;
    return { name, processes: 1, cores, memoryBytes, carries };
  }
  const each = (1000 * utilisation) / figure(samples, load, (sample) => sample.threadCpuMs[name] ?? 0).value;
  const processes = Math.max(FEWEST_PROCESSES, Math.ceil(ordersPerSecond / each));
  return {
    name,
    processes,
    cores: coresFor(processes),
    memoryBytes: processes * memoryBytes,
    carries: processes * each,
  };
}

const line = (...cells: string[]) => cells.map((cell, index) => cell.padEnd(index === 0 ? 24 : 12)).join('');

/** @returns the plan as text for people. */
export function describeCapacity(result: MeasuredCosts, demand: Demand): string {
  const plan = planCapacity(result, demand);
  const { inUse, needed, whenPartnerHangs, available } = plan.activitySlots;
  const { ordersPerSecond, partnerMs, partnerTimeoutMs, utilisation, retentionDays } = demand;
  const { measuredOn, machine, samples } = result.whole;
  const measured = Math.max(...samplesOf(samples, busiestLoad(samples, 'workflow')).map((one) => one.ordersPerSecond));
  const enough = (slots: number) => (available >= slots ? 'enough' : 'NOT ENOUGH');
  return [
    `${ordersPerSecond} orders/s, RideNDine answers in ${partnerMs} ms, nothing is busy for more than ${Math.round(utilisation * 100)} % of the time.`,
    `Costs were measured on ${measuredOn} at ${measured.toFixed(0)} orders/s on ${machine.cores} cores${ordersPerSecond > measured ? `, and are extrapolated by ${(ordersPerSecond / measured).toFixed(1)} times` : ''}.${PRODUCTION_SERVER in result.orchestration.atRest ? '' : " Temporal's are of its dev server."}`,
    '',
    line('part', 'processes', 'cores', 'memory', 'carries'),
    ...plan.parts.map((part) =>
      line(
        part.name,
        String(part.processes),
        part.cores.toFixed(1),
        `${(part.memoryBytes / 1e9).toFixed(1)} GB`,
        `${part.carries.toFixed(0)} orders/s`,
      ),
    ),
    line('together', '', plan.cores.toFixed(1), `${(plan.memoryBytes / 1e9).toFixed(1)} GB`),
    '',
    `Calls to RideNDine under way: ${inUse.toFixed(1)}. Activity slots: ${needed} needed, ${available} in all workers: ${enough(needed)}.`,
    `While RideNDine lets calls run into their time-out of ${partnerTimeoutMs / 1000} s: ${whenPartnerHangs} needed: ${enough(whenPartnerHangs)}.`,
    '',
    `Temporal's database: ${((plan.temporalBytesPerDay * retentionDays) / 1e9).toFixed(0)} GB with a retention of ${retentionDays} days.`,
    `Directus' database: ${((plan.directusBytesPerDay * 30) / 1e9).toFixed(0)} GB more every 30 days.`,
  ]
    .map((text) => text.trimEnd())
    .join('\n');
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
