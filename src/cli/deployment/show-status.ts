import { textTable } from '../command.ts';
import { listBuilds } from './builds.ts';
import type { Build, Deployment } from './builds.ts';
import { commands } from './route-orders.ts';

/** The builds as lines for a person, with what to do next. @throws {TemporalAccessError} */
export async function describeStatus(deployment: Deployment): Promise<string[]> {
  const builds = await listBuilds(deployment);
  const rows = builds.map((build) => [nameOf(build), stateOf(build), String(build.workers), String(build.openOrders)]);
  return [...textTable([['BUILD', 'STATE', 'WORKERS', 'OPEN ORDERS'], ...rows]), '', ...builds.flatMap(adviceOn)];
}

/** The builds as one JSON object, for programs. @throws {TemporalAccessError} */
export async function statusAsJson(deployment: Deployment): Promise<string> {
  const builds = (await listBuilds(deployment)).map(({ buildId, state, percent, workers, openOrders }) => ({
    build_id: buildId ?? null,
    state,
    ...(percent !== undefined && { percent }),
    workers,
    open_orders: openOrders,
  }));
  return JSON.stringify({ deployment: deployment.name, builds }, undefined, 2);
}

function nameOf({ buildId }: Build): string {
  return buildId ?? '(without a build)';
}

function stateOf({ state, percent }: Build): string {
  return state === 'ramping' ? `ramping, ${percent} %` : state;
}

function adviceOn({ buildId, state, workers, openOrders }: Build): string[] {
  if (state === 'current') {
    const who = buildId === undefined ? 'Workers without a build take' : `Build ${buildId} takes`;
    if (workers > 0) return [`${who} the orders.`];
    return [`${who} the orders, and there is none at present: start one, or make another build current.`];
  }
  if (buildId === undefined) {
    return [
      ...(workers > 0 ? ['Workers without a build take nothing: stop them.'] : []),
      ...(openOrders > 0 ? ['Orders without a build get one with their next step.'] : []),
    ];
  }
  switch (state) {
    case 'ramping':
      return [
        `Build ${buildId}: if its orders go well, ${commands.current(buildId)}; if not, ${commands.ramp(buildId, 0)}`,
      ];
    case 'draining':
      return [`Build ${buildId}: before its workers are stopped, ${commands.drained(buildId)}`];
    case 'drained':
      return workers > 0 ? [`Build ${buildId}: its workers can be stopped.`] : [];
    case 'idle':
    case 'new':
      return workers > 0
        ? [`Build ${buildId} takes nothing: ${commands.ramp(buildId, 10)}, or at once ${commands.current(buildId)}`]
        : [];
  }
}
