import { setTimeout as delay } from 'node:timers/promises';
import ms from 'ms';
import { isSame, routingOf } from '../../temporal/order-pollers.ts';
import type { BuildName, Routing } from '../../temporal/order-pollers.ts';
import { describeQueue, describeQueues } from '../../temporal/order-workers.ts';
import { TemporalAccessError } from '../../temporal/temporal-access.ts';
import { findBuild, haveAskedSince, sightWorkers } from './builds.ts';
import type { Deployment } from './builds.ts';
import { CommandError } from '../command.ts';

const LOOK_AGAIN_MS = 500;
const TELL_AFTER_MS = 2000;
/**
 * How long Temporal may take to accept a change of builds, and again to pass the change on to every task queue. It
 * takes half a second if Temporal is not busy.
 */
const CHANGED_WITHIN_MS = 30_000;
const IDENTITY = 'npm run deployment';

/**
 * Gives every order to a build, once its workers ask for tasks. The ramp of another build is taken back.
 *
 * @returns lines for the operator. @throws {CommandError} no worker asked in time. @throws {TemporalAccessError}
 */
export async function makeCurrent(
  deployment: Deployment,
  { buildId, waitMs }: { buildId: string; waitMs: number },
): Promise<string[]> {
  const build = { deploymentName: deployment.name, buildId };
  const { before, takenBack } = await giveEverything(deployment, build, waitMs);
  if (isSame(before, build)) return [`Build ${buildId} is current, as it was.`, ...takenBack];
  return [
    `Build ${buildId} is current: it takes every new order, and the next step of each order in flight.`,
    ...takenBack,
    ...(await wayBack(deployment, before)),
  ];
}

/** What to do with the workers that had the orders before, and how to go back. Empty if no workers had them. */
async function wayBack(deployment: Deployment, before: BuildName | undefined): Promise<string[]> {
  if (before !== undefined) {
    return [
      `When build ${before.buildId} is needed no more, stop its workers: ${commands.drained(before.buildId)}`,
      `To go back: ${commands.current(before.buildId)}`,
    ];
  }
  const withoutBuild = await sightWorkers(deployment, undefined);
  if (withoutBuild.every((queue) => queue.size === 0)) return [];
  return ['Workers without a build take nothing more: stop them when you like.', `To go back: ${commands.unversioned}`];
}

/**
 * Gives every order to the workers without a build, once they ask for tasks. A ramp is taken back.
 *
 * @returns lines for the operator. @throws {CommandError} no worker asked in time. @throws {TemporalAccessError}
 */
export async function makeUnversioned(deployment: Deployment, { waitMs }: { waitMs: number }): Promise<string[]> {
  const { current, ramping } = await routing(deployment);
  if (current === undefined && ramping === undefined) {
    return ['No build is current: workers without a build take the orders.'];
  }
  const { before, takenBack } = await giveEverything(deployment, undefined, waitMs);
  return [
    'No build is current: workers without a build take every new order, and the next step of each order in flight.',
    ...takenBack,
    ...(before === undefined ? [] : [`To go back: ${commands.current(before.buildId)}`]),
  ];
}

/** @returns the build that had the orders before, and lines for the operator about a ramp that was taken back. */
async function giveEverything(
  deployment: Deployment,
  build: BuildName | undefined,
  waitMs: number,
): Promise<{ before: BuildName | undefined; takenBack: string[] }> {
  const { workflowService } = deployment.temporal.connection;
  const { current: before, ramping } = await routing(deployment);
  const rampsOther = ramping !== undefined && !isSame(ramping.build, build);
  // A build that has every order already keeps them. So there is no need to wait until its workers ask again.
  const isCurrent = isSame(before, build) && ramping === undefined;
  const set = () =>
    workflowService.setWorkerDeploymentCurrentVersion({
      ...requestOf(deployment),
      buildId: build?.buildId ?? '',
      ignoreMissingTaskQueues: build === undefined,
    });
  await whenItHasWorkers(deployment, { build, waitMs, isCurrent }, set);
  if (rampsOther) await takeRampBack(deployment);
  await untilRouted(deployment, (now) => isSame(now.current, build) && now.ramping === undefined);
  return {
    before,
    takenBack: rampsOther
      ? [`The ramp of ${whose(ramping.build)}, which took ${ramping.percent} % of the orders, is taken back.`]
      : [],
  };
}

/**
 * Gives a part of the orders to a build, once its workers ask for tasks. `percent` 0 takes its ramp back.
 *
 * @returns lines for the operator. @throws {TemporalAccessError}
 * @throws {CommandError} no worker asked in time; the build is current; or, for 0, another build is ramped.
 */
export async function ramp(
  deployment: Deployment,
  { buildId, percent, waitMs }: { buildId: string; percent: number; waitMs: number },
): Promise<string[]> {
  const build = { deploymentName: deployment.name, buildId };
  const { current, ramping } = await routing(deployment);
  if (isSame(current, build)) {
    throw new CommandError(`Build ${buildId} is current, and takes every order already. Ramp another build.`);
  }
  const rest = current === undefined ? 'workers without a build' : `build ${current.buildId}`;
  if (percent === 0) {
    if (ramping === undefined) return [`Nothing is ramped: ${rest} take every order.`];
    if (!isSame(ramping.build, build)) {
      throw new CommandError(`Build ${buildId} is not ramped: build ${ramping.build?.buildId ?? 'none'} is.`);
    }
    await takeRampBack(deployment);
    await untilRouted(deployment, (now) => now.ramping === undefined);
    return [`Build ${buildId} takes no more orders. Those that it began go on with ${rest}.`];
  }
  await whenItHasWorkers(deployment, { build, waitMs }, () => setRamp(deployment, buildId, percent));
  await untilRouted(
    deployment,
    (now) =>
      now.ramping !== undefined && isSame(now.ramping.build, build) && Math.abs(now.ramping.percent - percent) < 0.01,
  );
  return [
    `Build ${buildId} takes ${percent} % of the orders, new ones and those in flight; ${rest} the others.`,
    `If they go well: ${commands.current(buildId)}`,
    `If not: ${commands.ramp(buildId, 0)}`,
  ];
}

/**
 * Waits until a build is drained, so that its workers can be stopped.
 *
 * @returns lines for the operator. @throws {TemporalAccessError}
 * @throws {CommandError} the build is unknown, takes orders, or was not drained in time.
 */
export async function waitUntilDrained(
  deployment: Deployment,
  { buildId, waitMs }: { buildId: string; waitMs: number },
): Promise<string[]> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const build = await findBuild(deployment, buildId);
    switch (build?.state) {
      case undefined:
        throw new CommandError(`Temporal knows no build "${buildId}" of "${deployment.name}". ${lookAt}`);
      case 'current':
        throw new CommandError(`Build ${buildId} is current, and takes every order: make another one current first.`);
      case 'ramping':
        throw new CommandError(`Build ${buildId} takes ${build.percent} % of the orders: ${commands.ramp(buildId, 0)}`);
      case 'idle':
      case 'new':
        return [`Build ${buildId} has never taken an order: its workers (${build.workers}) can be stopped.`];
      case 'drained':
        return [
          `Build ${buildId} is drained: its workers (${build.workers}) can be stopped.`,
          ...(build.openOrders > 0
            ? [
                `It took the last step of ${build.openOrders} open orders; their next ones go to the build that is current then.`,
              ]
            : []),
        ];
      case 'draining':
        if (Date.now() >= deadline) {
          throw new CommandError(
            `Build ${buildId} is not drained yet. Temporal looks about every three minutes; try again. An order that somebody has pinned to it holds it longer.`,
          );
        }
        await delay(LOOK_AGAIN_MS);
    }
  }
}

export const commands = {
  current: (buildId: string) => `npm run deployment -- current ${buildId}`,
  unversioned: 'npm run deployment -- current --unversioned',
  ramp: (buildId: string, percent: number) => `npm run deployment -- ramp ${buildId} ${percent}`,
  drained: (buildId: string) => `npm run deployment -- drained ${buildId}`,
};

const lookAt = '"npm run deployment -- status" shows those that it knows.';

/** @throws {CommandError} a build of another deployment takes orders. Changes to this deployment would do nothing. */
async function routing({ temporal, name }: Deployment): Promise<Routing> {
  const now = routingOf(await describeQueue(temporal));
  const foreign = [now.current, now.ramping?.build].find((build) => build && build.deploymentName !== name);
  if (foreign === undefined) return now;
  throw new CommandError(
    `Build ${foreign.buildId} of another deployment, "${foreign.deploymentName}", takes orders, and this is "${name}" ` +
      `(WORKER_DEPLOYMENT_NAME). Start workers without a build, and have them take the orders first: ` +
      `WORKER_DEPLOYMENT_NAME=${foreign.deploymentName} ${commands.unversioned}`,
  );
}

function requestOf({ temporal, name }: Deployment) {
  return { namespace: temporal.settings.namespace, deploymentName: name, identity: IDENTITY };
}

function change(deployment: Deployment, set: () => Promise<unknown>): Promise<unknown> {
  return deployment.temporal.ask(set, CHANGED_WITHIN_MS);
}

function takeRampBack(deployment: Deployment): Promise<unknown> {
  return change(deployment, () => setRamp(deployment, '', 0));
}

/** An empty `buildId` takes the ramp back. */
function setRamp(deployment: Deployment, buildId: string, percentage: number) {
  return deployment.temporal.connection.workflowService.setWorkerDeploymentRampingVersion({
    ...requestOf(deployment),
    buildId,
    percentage,
  });
}

function whose(build: BuildName | undefined): string {
  return build === undefined ? 'workers without a build' : `build ${build.buildId}`;
}

/**
 * Makes a change once the build has workers: without workers the orders would wait. Temporal itself refuses only a
 * build that never had a worker. A worker that died a moment ago looks like one that waits for an order. So only a
 * worker that asks for tasks after this call has begun counts.
 */
async function whenItHasWorkers(
  deployment: Deployment,
  { build, waitMs, isCurrent = false }: { build: BuildName | undefined; waitMs: number; isCurrent?: boolean },
  set: () => Promise<unknown>,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  const toldFrom = Date.now() + TELL_AFTER_MS;
  const before = isCurrent ? [] : await sightWorkers(deployment, build);
  let isTold = false;
  for (;;) {
    if (haveAskedSince(before, await sightWorkers(deployment, build))) {
      try {
        await change(deployment, set);
        return;
      } catch (error) {
        // Temporal learns of a worker's build a moment after the worker's first request. The next try may succeed.
        const mayCome = error instanceof TemporalAccessError && error.trouble === 'request refused';
        if (!mayCome || Date.now() >= deadline) throw error;
      }
    } else if (Date.now() >= deadline) {
      const [worker, start] =
        build === undefined
          ? ['worker without a build', 'Start one without WORKER_BUILD_ID']
          : [
              `worker of build "${build.buildId}"`,
              `Start one with WORKER_BUILD_ID=${build.buildId} and WORKER_DEPLOYMENT_NAME=${build.deploymentName}`,
            ];
      throw new CommandError(
        `No ${worker} has asked for orders within ${ms(waitMs)}: they would wait for it, so nothing was changed. ` +
          `${start}, or see its log. One that has nothing to do asks once a minute. ${lookAt}`,
      );
    } else if (!isTold && Date.now() >= toldFrom) {
      deployment.tell(
        `Waiting for ${build === undefined ? whose(build) : `workers of ${whose(build)}`} to ask for orders: one that has nothing to do asks once a minute.`,
      );
      isTold = true;
    }
    await delay(LOOK_AGAIN_MS);
  }
}

async function untilRouted(deployment: Deployment, isDone: (routing: Routing) => boolean): Promise<void> {
  const deadline = Date.now() + CHANGED_WITHIN_MS;
  while (!(await describeQueues(deployment.temporal)).every((queue) => isDone(routingOf(queue)))) {
    if (Date.now() >= deadline) {
      throw new CommandError(`Temporal has taken the change, and has not carried it out yet. ${lookAt}`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
