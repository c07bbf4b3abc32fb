import proto from '@temporalio/proto';
import { millisecondsOf } from './timestamps.ts';

const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

/** A worker without orders asks anew every minute; Temporal remembers one that is gone for five. */
const POLLED_WITHIN_MS = 75_000;

/** Which build of the workers: undefined for those that have none. */
export interface BuildName {
  deploymentName: string;
  buildId: string;
}

/** What Temporal says of a task queue, as far as it is about who takes tasks. */
export type TaskQueueDescription = Pick<
  proto.temporal.api.workflowservice.v1.IDescribeTaskQueueResponse,
  'pollers' | 'versioningInfo'
>;

interface Poller {
  identity: string;
  build: BuildName | undefined;
  /** When its last request began, or ended: milliseconds since 1970 by Temporal's clock. */
  lastAskedMs: number;
}

/** To which builds Temporal gives tasks. */
export interface Routing {
  current: BuildName | undefined;
  /** It gets a part of the orders, in per cent. */
  ramping: { build: BuildName | undefined; percent: number } | undefined;
}

/** The workers that have asked for tasks of late, of those that Temporal remembers. */
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

/** Workers of one build, or those without one, that Temporal gives orders. */
export interface Taker {
  build: BuildName | undefined;
  /** The part of the orders that it is given, in per cent. */
  percent: number;
  /** How many of its workers have asked of late. With none, its part of the orders waits, whatever the others do. */
  workers: number;
}

/** Everybody whom Temporal gives orders: the current build, and the one that is ramped. */
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

/** How many workers every order can count on: those of the taker that has the fewest. 0 says that orders wait. */
export function countWorkersOfEachTaker(description: TaskQueueDescription): number {
  return Math.min(...takersOf(description).map(({ workers }) => workers));
}

/** How many workers take orders: of those that have asked of late, the ones whose build is given any. */
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
