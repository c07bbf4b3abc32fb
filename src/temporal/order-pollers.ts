import proto from '@temporalio/proto';
import { millisecondsOf } from './timestamps.ts';

const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

/**
 * How recently a worker must have polled to count. A worker without orders polls again every minute. Temporal still
 * lists a worker for five minutes after it is gone.
 */
const POLLED_WITHIN_MS = 75_000;

/** A build of the workers. Workers that have no build are given as `undefined`. */
export interface BuildName {
  deploymentName: string;
  buildId: string;
}

/** The part of Temporal's description of a task queue that says which workers take tasks. */
export type TaskQueueDescription = Pick<
  proto.temporal.api.workflowservice.v1.IDescribeTaskQueueResponse,
  'pollers' | 'versioningInfo'
>;

interface Poller {
  identity: string;
  build: BuildName | undefined;
  /** When its last poll began or ended, in milliseconds since 1970 by Temporal's clock. */
  lastAskedMs: number;
}

/** The builds to which Temporal gives tasks. */
export interface Routing {
  current: BuildName | undefined;
  /** The build that is being ramped up, and the part of the orders that it gets, in per cent. */
  ramping: { build: BuildName | undefined; percent: number } | undefined;
}

/** The workers that have polled within the last 75 seconds, each of them once. */
export function recentPollers({ pollers }: TaskQueueDescription): Poller[] {
  const oldestMs = Date.now() - POLLED_WITHIN_MS;
  const recent = (pollers ?? []).filter(({ lastAccessTime }) => millisecondsOf(lastAccessTime) >= oldestMs);
  const byWorker = new Map<string, Poller>();
  for (const { identity, deploymentOptions, lastAccessTime } of recent) {
    const isVersioned = deploymentOptions?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED;
    const build = isVersioned ? nameOf(deploymentOptions) : undefined;
    const key = `${identity} ${build?.deploymentName}:${build?.buildId}`;
    const lastAskedMs = Math.max(millisecondsOf(lastAccessTime), byWorker.get(key)?.lastAskedMs ?? 0);
    byWorker.set(key, { identity: identity ?? '', build, lastAskedMs });
  }
  return [...byWorker.values()];
}

export function routingOf({ versioningInfo }: TaskQueueDescription): Routing {
  const percent = versioningInfo?.rampingVersionPercentage ?? 0;
  return {
    current: nameOf(versioningInfo?.currentDeploymentVersion),
    ramping: percent > 0 ? { build: nameOf(versioningInfo?.rampingDeploymentVersion), percent } : undefined,
  };
}

/** Whether Temporal gives tasks to workers of this build. */
export function isTaking(build: BuildName | undefined, { current, ramping }: Routing): boolean {
  return isSame(build, current) || (ramping !== undefined && isSame(build, ramping.build));
}

/** The workers of one build, or those without a build, to which Temporal gives orders. */
export interface Taker {
  build: BuildName | undefined;
  /** The part of the orders that these workers get, in per cent. */
  percent: number;
  /** How many of these workers have polled lately. With 0 their part of the orders waits: no other build takes it. */
  workers: number;
}

/** All workers to which Temporal gives orders: those of the current build and of the build that is ramped up. */
export function takersOf(description: TaskQueueDescription): Taker[] {
  const { current, ramping } = routingOf(description);
  const pollers = recentPollers(description);
  return [{ build: current, percent: 100 - (ramping?.percent ?? 0) }, ...(ramping ? [ramping] : [])]
    .filter(({ percent }) => percent > 0)
    .map(({ build, percent }) => ({
      build,
      percent: Number(percent.toFixed(2)),
      workers: pollers.filter((poller) => isSame(poller.build, build)).length,
    }));
}

/** How many workers every order can count on: the number of the taker that has the fewest. 0 means that orders wait. */
export function countWorkersOfEachTaker(description: TaskQueueDescription): number {
  return Math.min(...takersOf(description).map(({ workers }) => workers));
}

/** How many workers take orders: they have polled lately, and Temporal gives orders to their build. */
export function countTakingWorkers(description: TaskQueueDescription): number {
  const routing = routingOf(description);
  return recentPollers(description).filter(({ build }) => isTaking(build, routing)).length;
}

export function isSame(one: BuildName | undefined, other: BuildName | undefined): boolean {
  return one?.buildId === other?.buildId && one?.deploymentName === other?.deploymentName;
}

function nameOf(version: proto.temporal.api.deployment.v1.IWorkerDeploymentVersion | null | undefined) {
  const { deploymentName, buildId } = version ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}
