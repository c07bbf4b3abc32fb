import { POLLERS_PER_WORKER, planCapacity } from './capacity.ts';
import type { CapacityPlan, Demand, MeasuredCosts } from './capacity.ts';
import { slotsPerWorker } from './slots-per-worker.ts';

/** What is assumed unless told. */
export const usualDemand: Omit<Demand, 'ordersPerSecond'> = {
  partnerMs: 500,
  partnerTimeoutMs: 15_000,
  utilisation: 0.6,
  retentionDays: 30,
};

/** The sizes that docs/operations.md shows. */
export const shownSizes = [10];

/** The plan for a person, as `npm run capacity` prints it. */
export function describeCapacity(costs: MeasuredCosts, demand: Demand): string {
  const plan = planCapacity(costs, demand);
  const { ordersPerSecond, partnerMs, partnerTimeoutMs, utilisation, retentionDays } = demand;
  const { whenPartnerHangs } = plan.activitySlots;
  return [
    `${ordersPerSecond} orders/s, RideNDine answers in ${partnerMs} ms, nothing is busy for more than ${percent(utilisation)} of the time`,
    `(${basisOf(costs, demand)})`,
    '',
    row('part', 'processes', 'cores', 'memory', 'one process carries'),
    ...plan.parts.map(({ name, processes, cores, memoryBytes, ordersPerSecondEach }) =>
      row(
        name,
        String(processes),
        round(cores),
        `${Math.round(memoryBytes / 1e6)} MB`,
        ordersPerSecondEach === undefined ? '' : `${round(ordersPerSecondEach)} orders/s`,
      ),
    ),
    row('together', '', round(plan.cores), `${round(sumOfMemory(plan) / 1e9)} GB`, ''),
    '',
    `activity slots         ${slots(plan.activitySlots, slotsPerWorker.maxConcurrentActivityTaskExecutions)}`,
    `                       ${whenPartnerHangs} in use while RideNDine lets calls run into their time-out of ${partnerTimeoutMs / 1000} s: ${verdictOnHang(plan)}`,
    `workflow task slots    ${slots(plan.workflowTaskSlots, slotsPerWorker.maxConcurrentWorkflowTaskExecutions)}`,
    `workflow task pollers  ${slots(plan.workflowTaskPollers, POLLERS_PER_WORKER)}`,
    `calls to RideNDine     ${round(plan.partnerCalls)} at a time, ${ordersPerSecond} a second`,
    `Temporal's database    ${round(plan.temporalGb)} GB with a retention of ${retentionDays} days`,
    `Directus' database     ${round(plan.directusGbPerMonth)} GB more every 30 days`,
    '',
    'full first             ' +
      plan.limits
        .slice(0, 3)
        .map(({ what, ordersPerSecond: most, remedy }) => `${what} at ${round(most)} orders/s: ${remedy}`)
        .join('\n                       '),
  ].join('\n');
}

function basisOf(costs: MeasuredCosts, { ordersPerSecond }: Demand): string {
  const measured = `costs measured on ${costs.measuredOn} at up to ${round(costs.ordersPerSecond)} orders/s, everything on ${costs.cores} cores`;
  const server = costs.isProductionTemporal ? '' : "; Temporal's are of its dev server";
  if (ordersPerSecond <= costs.ordersPerSecond) return `${measured}${server}`;
  return `extrapolated by ${round(ordersPerSecond / costs.ordersPerSecond)} times: ${measured}${server}`;
}

function slots({ inUse, needed, available }: CapacityPlan['workflowTaskSlots'], perWorker: number): string {
  const verdict = available >= needed ? 'enough' : 'NOT ENOUGH';
  return `${round(inUse)} in use, ${needed} needed; ${perWorker} for each worker are ${available}: ${verdict}`;
}

function verdictOnHang({ activitySlots, workers }: CapacityPlan): string {
  const { whenPartnerHangs, available } = activitySlots;
  if (available >= whenPartnerHangs) return 'enough';
  return `NOT ENOUGH, ${Math.ceil(whenPartnerHangs / workers)} for each worker would be`;
}

function sumOfMemory({ parts }: CapacityPlan): number {
  return parts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
}

function row(part: string, processes: string, cores: string, memory: string, each: string): string {
  return `${part.padEnd(20)} ${processes.padStart(9)} ${cores.padStart(7)} ${memory.padStart(9)}   ${each}`.trimEnd();
}

/** Two digits that matter: more would promise too much. */
function round(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return value >= 10 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
