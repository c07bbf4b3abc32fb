import { conditionsOf } from './result.ts';
import type { AtRestResult, BenchResult, Cell } from './result.ts';
import { slotsPerWorker } from './slots-per-worker.ts';

/** What one order takes, as it was measured. */
export interface MeasuredCosts {
  measuredOn: string;
  /** Of the machine. */
  cores: number;
  /** The most that it carried, everything together on it. */
  ordersPerSecond: number;
  parts: PartCost[];
  /** Whether Temporal's figures are of a production server on PostgreSQL; else of the dev server. */
  isProductionTemporal: boolean;
  /** How long each step ran, of an order that was alone, without what RideNDine took. */
  stepsMs: Record<string, number>;
  /** How long a worker took to get a workflow task, and how long it had it; an order that was alone. */
  workflowTask: { count: number; waitMs: number; runMs: number };
  /** What an order leaves at Temporal: in its database, or, where only a dev server was measured, of history. */
  temporalBytes: number;
  /** In Directus' database. */
  directusBytes: number;
}

export interface PartCost {
  name: string;
  cpuMsPerOrder: number;
  /** Of its main thread, for a part that is bound to one: more of them are more processes. */
  threadCpuMsPerOrder: number | undefined;
  /** On no orders. */
  cpuMsPerSecondAtRest: number;
  memoryBytes: number;
}

export interface Demand {
  ordersPerSecond: number;
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  /** How long it is waited for when it does not (`RIDENDINE_TIMEOUT_MS`). */
  partnerTimeoutMs: number;
  /** Which share of a core may be busy: what is above it waits in queues. From 0 to 1. */
  utilisation: number;
  /** How long a finished order stays in Temporal. */
  retentionDays: number;
}

/** The SDK's, of each kind. */
export const POLLERS_PER_WORKER = 10;

const WORKER = 'worker';
/** Of those that can be several: one may be stopped, or die, and orders go on. */
const FEWEST_PROCESSES = 2;

export interface CapacityPlan {
  parts: PartPlan[];
  /** Their processes. */
  workers: number;
  /** Of all parts together. */
  cores: number;
  activitySlots: SlotPlan & { whenPartnerHangs: number };
  workflowTaskSlots: SlotPlan;
  workflowTaskPollers: SlotPlan;
  /** Calls to RideNDine that are under way at a time. */
  partnerCalls: number;
  /** For as long as a finished order stays. */
  temporalGb: number;
  directusGbPerMonth: number;
  /** What is full first if orders become more, the nearest first. */
  limits: Limit[];
}

export interface PartPlan {
  name: string;
  processes: number;
  cores: number;
  memoryBytes: number;
  /** What one process carries; undefined for one that uses as many cores as there are. */
  ordersPerSecondEach: number | undefined;
  limit: Limit;
}

interface SlotPlan {
  /** In use on average. */
  inUse: number;
  /** To have, so that hardly any task waits for one. */
  needed: number;
  /** What so many workers have unless told otherwise. */
  available: number;
}

export interface Limit {
  what: string;
  ordersPerSecond: number;
  remedy: string;
}

const DAY_S = 24 * 60 * 60;
const GB = 1e9;

/**
 * What it takes to carry the orders. CPU grows with the orders, times by Little's law: what is under way is the rate by
 * the time that one takes.
 */
export function planCapacity(costs: MeasuredCosts, demand: Demand): CapacityPlan {
  const { ordersPerSecond, partnerMs, partnerTimeoutMs, utilisation } = demand;
  const parts = costs.parts.map((cost) => planPart(cost, demand));
  const workers = parts.find(({ name }) => name === WORKER)?.processes ?? 0;

  const ourStepsMs = sum(Object.values(costs.stepsMs));
  const slotsFor = (msPerOrder: number, perWorker: number): SlotPlan => {
    const inUse = (ordersPerSecond * msPerOrder) / 1000;
    return { inUse, needed: Math.ceil(inUse / utilisation), available: workers * perWorker };
  };
  const activitySlots = slotsFor(ourStepsMs + partnerMs, slotsPerWorker.maxConcurrentActivityTaskExecutions);
  const { count, waitMs, runMs } = costs.workflowTask;
  const workflowTaskSlots = slotsFor(count * runMs, slotsPerWorker.maxConcurrentWorkflowTaskExecutions);
  const workflowTaskPollers = slotsFor(count * waitMs, POLLERS_PER_WORKER);

  return {
    parts,
    workers,
    cores: sum(parts.map(({ cores }) => cores)),
    activitySlots: {
      ...activitySlots,
      whenPartnerHangs: Math.ceil((ordersPerSecond * (ourStepsMs + partnerTimeoutMs)) / 1000),
    },
    workflowTaskSlots,
    workflowTaskPollers,
    partnerCalls: (ordersPerSecond * partnerMs) / 1000,
    temporalGb: (ordersPerSecond * DAY_S * demand.retentionDays * costs.temporalBytes) / GB,
    directusGbPerMonth: (ordersPerSecond * DAY_S * 30 * costs.directusBytes) / GB,
    limits: [
      ...parts.map(({ limit }) => limit),
      slotLimit('activity slots', activitySlots, demand, 'more workers, or WORKER_MAX_CONCURRENT_ACTIVITIES'),
      slotLimit(
        'workflow task slots',
        workflowTaskSlots,
        demand,
        'more workers, or WORKER_MAX_CONCURRENT_WORKFLOW_TASKS',
      ),
      slotLimit('workflow task pollers', workflowTaskPollers, demand, 'more workers'),
    ].toSorted((a, b) => a.ordersPerSecond - b.ordersPerSecond),
  };
}

function planPart(cost: PartCost, { ordersPerSecond, utilisation }: Demand): PartPlan {
  const { name, cpuMsPerOrder, threadCpuMsPerOrder, cpuMsPerSecondAtRest, memoryBytes } = cost;
  const coresFor = (processes: number) =>
    (ordersPerSecond * cpuMsPerOrder + processes * cpuMsPerSecondAtRest) / 1000 / utilisation;
  if (threadCpuMsPerOrder !== undefined) {
    const ordersPerSecondEach = (1000 * utilisation) / threadCpuMsPerOrder;
    const processes = Math.max(FEWEST_PROCESSES, Math.ceil(ordersPerSecond / ordersPerSecondEach));
    const limit = {
      what: name,
      ordersPerSecond: processes * ordersPerSecondEach,
      remedy: `one more process of ${name}`,
    };
    return {
      name,
      processes,
      cores: coresFor(processes),
      memoryBytes: processes * memoryBytes,
      ordersPerSecondEach,
      limit,
    };
  }
  const cores = Math.ceil(coresFor(1));
  const limit = {
    what: name,
    ordersPerSecond: (cores * 1000 * utilisation - cpuMsPerSecondAtRest) / cpuMsPerOrder,
    remedy: `more than ${cores} ${cores === 1 ? 'core' : 'cores'} for ${name}`,
  };
  return { name, processes: 1, cores: coresFor(1), memoryBytes, ordersPerSecondEach: undefined, limit };
}

function slotLimit(what: string, slots: SlotPlan, { ordersPerSecond, utilisation }: Demand, remedy: string): Limit {
  return { what, ordersPerSecond: (ordersPerSecond * slots.available * utilisation) / slots.inUse, remedy };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** How much is to be in parallel where the cost of an order is taken: busy, and not yet a heap of waiting orders. */
export const COST_PARALLEL = 32;
/** Programs of Node: their own code runs on one thread. */
const ONE_THREAD = new Set(['gateway', WORKER, 'directus']);
/** The variant of the orchestration that runs on a production server. */
export const PRODUCTION_SERVER = 'postgres';

/**
 * The costs that a benchmark has found: of the parts of `npm start`, with Temporal's from the production server if that
 * was measured.
 */
export function costsOf(result: BenchResult): MeasuredCosts {
  const { whole, orchestration } = result;
  const { measuredOn, machine } = conditionsOf(result, 'whole');
  const cell = costCell(whole.cells, 'durable', whole.saturation.partnerMs);
  const production = orchestration.servers.find(({ variant }) => variant === PRODUCTION_SERVER);
  const productionCell = production && costCell(orchestration.cells, PRODUCTION_SERVER, null);
  const ofStack = (process: string, name?: string) => partCost(cell, whole.atRest, process, name);
  const { histories } = whole;
  return {
    measuredOn,
    cores: machine.cores,
    ordersPerSecond: whole.saturation.durable.ordersPerSecond.value,
    isProductionTemporal: productionCell !== undefined,
    parts: [
      ofStack('gateway'),
      ofStack(WORKER),
      ...(production && productionCell
        ? [
            partCost(productionCell, production.atRest, 'temporal'),
            partCost(productionCell, production.atRest, 'temporal database'),
          ]
        : [ofStack('temporal')]),
      ofStack('directus'),
      ofStack('postgres', 'directus database'),
    ],
    stepsMs: Object.fromEntries(
      Object.entries(histories.activities).map(([name, { runMs }]) => [
        name,
        // Of the partner's step, only what is ours.
        name === 'createRideNDineOrder' ? Math.max(0, runMs.p50 - whole.historiesPartnerMs) : runMs.p50,
      ]),
    ),
    workflowTask: {
      count: histories.workflowTasks,
      waitMs: histories.workflowTaskWaitMs.p50,
      runMs: histories.workflowTaskRunMs.p50,
    },
    temporalBytes: production?.databaseBytesPerOrder ?? histories.bytes,
    directusBytes: whole.databaseBytesPerOrder,
  };
}

function partCost(from: Cell, atRest: AtRestResult, process: string, name = process): PartCost {
  return {
    name,
    cpuMsPerOrder: from.cpuMsPerOrder[process]?.value ?? 0,
    threadCpuMsPerOrder: ONE_THREAD.has(name) ? from.busiestThreadCpuMsPerOrder[process]?.value : undefined,
    cpuMsPerSecondAtRest: atRest[process]?.cpuMsPerSecond ?? 0,
    memoryBytes: from.memoryBytes[process] ?? 0,
  };
}

/** The cell nearest to the load at which costs are taken. */
function costCell(cells: Cell[], variant: string, partnerMs: number | null): Cell {
  const [nearest] = cells
    .filter((cell) => cell.variant === variant && cell.partnerMs === partnerMs)
    .toSorted((a, b) => Math.abs(a.parallel - COST_PARALLEL) - Math.abs(b.parallel - COST_PARALLEL));
  if (nearest === undefined) throw new Error(`The result has nothing of ${variant}.`);
  return nearest;
}
