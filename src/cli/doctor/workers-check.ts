import { minuteOf } from '../../domain/spoken-time.ts';
import { PARTNER_TASK_QUEUE } from '../../contract/runs.ts';
import {
  countWorkersOfEachTaker,
  isSame,
  isTaking,
  recentPollers,
  routingOf,
  takersOf,
} from '../../temporal/order-pollers.ts';
import { findPause } from '../../temporal/partner-pause.ts';
import type { BuildName, Taker, TaskQueueDescription } from '../../temporal/order-pollers.ts';
import { countPartnerWorkers, describeQueue } from '../../temporal/order-workers.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import type { Check, Verdict } from './checks.ts';

/** Whether workers take the orders, and the calls to RideNDine. */
export function workersCheck(temporal: () => TemporalAccess): Check {
  return {
    name: 'workers',
    needs: ['namespace'],
    async run() {
      const orders = workersVerdict(await describeQueue(temporal()));
      if (orders.workers === 0) return orders.verdict;
      const { ask, connection, settings } = temporal();
      const pause = await ask(() => findPause(connection, settings.namespace));
      if (pause) {
        return {
          verdict: 'warning',
          finding: `${orders.verdict.finding} Calls to RideNDine are paused since ${minuteOf(pause.since.toISOString())}: orders wait.`,
          advice: '"npm run ridendine -- status" tells by whom and why, and "resume" ends it.',
        };
      }
      if ((await countPartnerWorkers(temporal())) > 0) return orders.verdict;
      return {
        verdict: 'warning',
        finding: `${orders.verdict.finding} None takes calls to RideNDine from the task queue "${PARTNER_TASK_QUEUE}": orders there keep waiting.`,
        advice: 'Start workers of this version.',
      };
    },
  };
}

/**
 * Also names the workers that get no orders: a new build gets none until it is made current, and its workers tell so
 * only in their own log.
 *
 * @returns `workers`: how many workers every order can count on.
 */
function workersVerdict(queue: TaskQueueDescription): { workers: number; verdict: Verdict } {
  const routing = routingOf(queue);
  const pollers = recentPollers(queue);
  const taking = pollers.filter(({ build }) => isTaking(build, routing));
  const idle = pollers.filter(({ build }) => !isTaking(build, routing));
  const idleBuilds = [...new Set(idle.map(({ build }) => (build ? `build ${build.buildId}` : 'without a build')))];
  const idleFinding =
    idle.length > 0
      ? [`Workers that take none, as their build is not current: ${idle.length} (${idleBuilds.join(', ')}).`]
      : [];
  const takers = takersOf(queue);
  const missing = takers.find(({ workers }) => workers === 0);
  const other = takers.find(({ workers }) => workers > 0);
  if (missing && other) return { workers: 0, verdict: halfTakenVerdict(missing, other, routing.current) };
  if (taking.length > 0) {
    const finding = [`Workers that take orders: ${taking.length}.`, ...idleFinding].join(' ');
    return {
      workers: countWorkersOfEachTaker(queue),
      verdict:
        idle.length === 0
          ? { verdict: 'ok', finding }
          : {
              verdict: 'warning',
              finding,
              advice: '"npm run deployment -- status" says which build to make current, and whose workers to stop.',
            },
    };
  }
  return {
    workers: 0,
    verdict: {
      verdict: 'warning',
      finding: ['No worker takes orders: they wait until one does.', ...idleFinding].join(' '),
      advice:
        idle.length > 0
          ? 'Make a build current: "npm run deployment -- current <build id>".'
          : 'Start a worker (node src/worker/main.ts) for this address and namespace.',
    },
  };
}

/** Two builds share the orders, and one of them has no worker. */
function halfTakenVerdict(missing: Taker, other: Taker, current: BuildName | undefined): Verdict {
  const isRamped = !isSame(missing.build, current);
  const build = isRamped ? missing.build : other.build;
  const command = isRamped ? `ramp ${build?.buildId} 0` : `current ${build?.buildId}`;
  return {
    verdict: 'warning',
    finding: `${capitalized(whose(missing.build))} are given ${missing.percent} % of the orders, and there is none: these orders wait until one runs. The others have ${other.workers}, ${whose(other.build)}.`,
    advice:
      build === undefined
        ? `Start ${whose(missing.build)}.`
        : `Start ${whose(missing.build)}, or ${isRamped ? 'take the ramp back' : 'give all orders to the others'}: "npm run deployment -- ${command}".`,
  };
}

function whose(build: BuildName | undefined): string {
  return build === undefined ? 'workers without a build' : `workers of build ${build.buildId}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
