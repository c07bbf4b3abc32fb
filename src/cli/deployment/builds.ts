import proto from '@temporalio/proto';
import { ORDER_CREATION_WORKFLOW } from '../../contract/runs.ts';
import { describeQueue, describeQueues } from '../../temporal/order-workers.ts';
import { isSame, recentPollers, routingOf } from '../../temporal/order-pollers.ts';
import type { BuildName } from '../../temporal/order-pollers.ts';
import { ifFound } from '../../temporal/temporal-failures.ts';
import { millisecondsOf } from '../../temporal/timestamps.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';

const { VersionDrainageStatus } = proto.temporal.api.enums.v1;

/**
 * `new`: the build has taken no orders yet, and gets none until it is made current or ramped. `idle`: the workers
 * without a build, while they get no orders. Temporal does not tell whether these are drained.
 */
export type BuildState = 'current' | 'ramping' | 'draining' | 'drained' | 'new' | 'idle';

/** A build of the workers as Temporal knows it. */
export interface Build {
  /** undefined: workers without a build. */
  buildId: string | undefined;
  state: BuildState;
  /** Of a ramping build, the part of the orders that it takes, in per cent. */
  percent?: number;
  /** How many workers have asked for tasks in the last 75 s. */
  workers: number;
  /** Open orders whose last step this build took. Another build may take their next step. */
  openOrders: number;
}

/** The worker deployment that a command is about. */
export interface Deployment {
  temporal: TemporalAccess;
  /** `WORKER_DEPLOYMENT_NAME` */
  name: string;
  /** Tells the person at once what the command waits for. */
  tell: (line: string) => void;
}

/** Every build that Temporal knows, the newest first. The workers without a build come last, if there are any. */
export async function listBuilds(deployment: Deployment): Promise<Build[]> {
  const withoutBuild = { buildId: undefined, drainage: undefined };
  const builds = await describeBuilds(deployment, (versions) => [...versions, withoutBuild]);
  return builds.filter(
    ({ buildId, state, workers, openOrders }) =>
      buildId !== undefined || state !== 'idle' || workers > 0 || openOrders > 0,
  );
}

/** @returns undefined if Temporal does not know the build. */
export async function findBuild(deployment: Deployment, wanted: string): Promise<Build | undefined> {
  const [build] = await describeBuilds(deployment, (versions) => versions.filter(({ buildId }) => buildId === wanted));
  return build;
}

interface Version {
  buildId: string | undefined;
  drainage: number | null | undefined;
}

/** Describes the selected builds. Each of them costs one request, which counts its orders. */
async function describeBuilds(deployment: Deployment, select: (versions: Version[]) => Version[]): Promise<Build[]> {
  const { temporal, name } = deployment;
  const queue = await describeQueue(temporal);
  const { current, ramping } = routingOf(queue);
  const summaries = (await describeDeployment(deployment))?.versionSummaries ?? [];
  const versions = summaries
    .toSorted((a, b) => millisecondsOf(b.createTime) - millisecondsOf(a.createTime))
    .flatMap(({ deploymentVersion, drainageInfo }) =>
      deploymentVersion?.buildId ? [{ buildId: deploymentVersion.buildId, drainage: drainageInfo?.status }] : [],
    );
  const builds: Build[] = [];
  for (const { buildId, drainage } of select(versions)) {
    const build = buildId === undefined ? undefined : { deploymentName: name, buildId };
    const isRamping = ramping !== undefined && isSame(build, ramping.build);
    const workers = recentPollers(queue).filter((poller) => isSame(poller.build, build)).length;
    builds.push({
      buildId,
      state: isSame(build, current) ? 'current' : isRamping ? 'ramping' : restingState(buildId, drainage),
      ...(isRamping && { percent: ramping.percent }),
      workers,
      openOrders: await countOpenOrders(deployment, buildId),
    });
  }
  return builds;
}

function restingState(buildId: string | undefined, drainage: number | null | undefined): BuildState {
  if (buildId === undefined) return 'idle';
  if (drainage === VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINING) return 'draining';
  if (drainage === VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED) return 'drained';
  return 'new';
}

/** @returns undefined if no worker with a build has ever asked for orders. */
async function describeDeployment({ temporal, name }: Deployment) {
  const { ask, connection, settings } = temporal;
  const request = { namespace: settings.namespace, deploymentName: name };
  // What Temporal may not find is the deployment: the namespace has just described its task queue.
  const found = await ask(() => ifFound(connection.workflowService.describeWorkerDeployment(request)));
  return found?.workerDeploymentInfo ?? undefined;
}

/** For each task queue, when each worker of a build last asked for tasks, by the worker's identity. */
export type Sightings = Map<string, number>[];

/**
 * When each worker of a build, or each worker without a build, last asked each of our task queues for tasks, by
 * Temporal's clock. The time changes only when a request begins or ends, so a worker that has died looks like one that
 * waits.
 */
export async function sightWorkers({ temporal }: Deployment, build: BuildName | undefined): Promise<Sightings> {
  return (await describeQueues(temporal)).map(
    (queue) =>
      new Map(
        recentPollers(queue)
          .filter((poller) => isSame(poller.build, build))
          .map(({ identity, lastAskedMs }) => [identity, lastAskedMs]),
      ),
  );
}

/** Whether every task queue has a live worker: one that has asked any of the queues for tasks since `before`. */
export function haveAskedSince(before: Sightings, now: Sightings): boolean {
  const alive = new Set(
    now.flatMap((queue, index) =>
      [...queue]
        .filter(([identity, lastAskedMs]) => lastAskedMs > (before[index]?.get(identity) ?? 0))
        .map(([identity]) => identity),
    ),
  );
  return now.every((queue) => [...queue.keys()].some((identity) => alive.has(identity)));
}

async function countOpenOrders({ temporal, name }: Deployment, buildId: string | undefined): Promise<number> {
  const { ask, connection, settings } = temporal;
  const version = buildId === undefined ? 'IS NULL' : `= '${name}:${buildId}'`;
  const { count } = await ask(() =>
    connection.workflowService.countWorkflowExecutions({
      namespace: settings.namespace,
      query: `WorkflowType = '${ORDER_CREATION_WORKFLOW}' AND ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion ${version}`,
    }),
  );
  return Number(count);
}
