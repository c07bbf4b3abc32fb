import { setTimeout as delay } from 'node:timers/promises';
import ms from 'ms';
import { isSame, routingOf } from '../temporal/order-pollers.ts';
import type { Routing } from '../temporal/order-pollers.ts';
import { describeQueue, describeQueues } from '../temporal/order-workers.ts';
import { TemporalAccessError } from '../temporal/temporal-access.ts';
import { hasWorkers, listBuilds } from './builds.ts';
import type { Deployment } from './builds.ts';
import { DeploymentError } from './deployment-error.ts';

const LOOK_AGAIN_MS = 500;
/** Temporal tells the parts of a task queue one after the other who is current: half a second where it is not busy. */
const KNOWN_WITHIN_MS = 30_000;
const IDENTITY = 'npm run deployment';

/**
 * Has a build take every order, once a worker of it asks for some.
 *
 * @returns what to tell. @throws {DeploymentError} none did in time. @throws {TemporalAccessError}
 */
export async function makeCurrent(
  deployment: Deployment,
  { buildId, waitMs }: { buildId: string; waitMs: number },
): Promise<string[]> {
  const { temporal, name } = deployment;
  const build = { deploymentName: name, buildId };
  const { current: before } = await routing(deployment);
  await whenItHasWorkers(deployment, { buildId, waitMs }, () =>
    temporal.connection.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: temporal.settings.namespace,
      deploymentName: name,
      buildId,
      identity: IDENTITY,
    }),
  );
  await untilRouted(deployment, ({ current }) => isSame(current, build));
  if (isSame(before, build)) return [`Build ${buildId} is current, as it was.`];
  return [
    `Build ${buildId} is current: it takes every new order, and the next step of each order in flight.`,
    ...(before === undefined
      ? ['Workers without a build take nothing more: stop them when you like.', `To go back: ${commands.unversioned}`]
      : [
          `When build ${before.buildId} is needed no more, stop its workers: ${commands.drained(before.buildId)}`,
          `To go back: ${commands.current(before.buildId)}`,
        ]),
  ];
}

/** Has workers without a build take every order. @returns what to tell. @throws {TemporalAccessError} */
export async function makeUnversioned(deployment: Deployment): Promise<string[]> {
  const { temporal, name } = deployment;
  const { current, ramping } = await routing(deployment);
  if (current === undefined && ramping === undefined)
    return ['No build is current: workers without a build take the orders.'];
  if (current !== undefined) {
    await temporal.ask(() =>
      temporal.connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: temporal.settings.namespace,
        deploymentName: name,
        buildId: '',
        ignoreMissingTaskQueues: true,
        identity: IDENTITY,
      }),
    );
    await untilRouted(deployment, (now) => now.current === undefined);
  }
  const workers = (await listBuilds(deployment)).find(({ buildId }) => buildId === undefined)?.workers ?? 0;
  return [
    'No build is current: workers without a build take every new order, and the next step of each order in flight.',
    ...(ramping?.build && ramping.percent > 0
      ? [`Build ${ramping.build.buildId} still takes ${ramping.percent} %: ${commands.ramp(ramping.build.buildId, 0)}`]
      : []),
    ...(workers === 0 ? ['There is none at present, and orders wait: start one without WORKER_BUILD_ID.'] : []),
  ];
}

/**
 * Has a build take a part of the orders, once a worker of it asks for some; 0 takes the ramp back.
 *
 * @returns what to tell. @throws {DeploymentError} no worker did in time, or another build is ramped. @throws {TemporalAccessError}
 */
export async function ramp(
  deployment: Deployment,
  { buildId, percent, waitMs }: { buildId: string; percent: number; waitMs: number },
): Promise<string[]> {
  const { temporal, name } = deployment;
  const build = { deploymentName: name, buildId };
  const { current, ramping } = await routing(deployment);
  if (isSame(current, build)) {
    throw new DeploymentError(
      `Build ${buildId} is current, and takes every order already. To ramp is for another one.`,
    );
  }
  const set = (target: string, percentage: number) =>
    temporal.connection.workflowService.setWorkerDeploymentRampingVersion({
      namespace: temporal.settings.namespace,
      deploymentName: name,
      buildId: target,
      percentage,
      identity: IDENTITY,
    });
  const rest = current === undefined ? 'workers without a build' : `build ${current.buildId}`;
  if (percent === 0) {
    if (ramping === undefined) return [`Nothing is ramped: ${rest} take every order.`];
    if (!isSame(ramping.build, build)) {
      throw new DeploymentError(`Build ${buildId} is not ramped: build ${ramping.build?.buildId ?? 'none'} is.`);
    }
    await temporal.ask(() => set('', 0));
    await untilRouted(deployment, (now) => now.ramping === undefined);
    return [`Build ${buildId} takes no more orders. Those that it began go on with ${rest}.`];
  }
  await whenItHasWorkers(deployment, { buildId, waitMs }, () => set(buildId, percent));
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
 * Waits until nothing needs a build any more.
 *
 * @returns what to tell. @throws {DeploymentError} it is needed, or still was when the time was over. @throws {TemporalAccessError}
 */
export async function waitUntilDrained(
  deployment: Deployment,
  { buildId, waitMs }: { buildId: string; waitMs: number },
): Promise<string[]> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const build = (await listBuilds(deployment)).find((one) => one.buildId === buildId);
    switch (build?.state) {
      case undefined:
        throw new DeploymentError(`Temporal knows no build "${buildId}" of "${deployment.name}". ${lookAt}`);
      case 'current':
        throw new DeploymentError(
          `Build ${buildId} is current, and takes every order: make another one current first.`,
        );
      case 'ramping':
        throw new DeploymentError(
          `Build ${buildId} takes ${build.percent} % of the orders: ${commands.ramp(buildId, 0)}`,
        );
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
          throw new DeploymentError(
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

async function routing({ temporal }: Deployment): Promise<Routing> {
  return routingOf(await describeQueue(temporal));
}

/** Without workers the orders would wait; Temporal itself refuses only a build that never had any. */
async function whenItHasWorkers(
  deployment: Deployment,
  { buildId, waitMs }: { buildId: string; waitMs: number },
  set: () => Promise<unknown>,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    if (await hasWorkers(deployment, buildId)) {
      try {
        await deployment.temporal.ask(set);
        return;
      } catch (error) {
        // It learns of a worker's build a moment after the worker's first request.
        const mayCome = error instanceof TemporalAccessError && error.trouble === 'request refused';
        if (!mayCome || Date.now() >= deadline) throw error;
      }
    } else if (Date.now() >= deadline) {
      throw new DeploymentError(
        `No worker of build "${buildId}" has asked for orders within ${ms(waitMs)}: they would wait for it, so nothing was changed. ` +
          `Start one with WORKER_BUILD_ID=${buildId} and WORKER_DEPLOYMENT_NAME=${deployment.name}, or see its log. ${lookAt}`,
      );
    }
    await delay(LOOK_AGAIN_MS);
  }
}

async function untilRouted(deployment: Deployment, isDone: (routing: Routing) => boolean): Promise<void> {
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  while (!(await describeQueues(deployment.temporal)).every((queue) => isDone(routingOf(queue)))) {
    if (Date.now() >= deadline) {
      throw new DeploymentError(`Temporal has taken the change, and has not carried it out yet. ${lookAt}`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
