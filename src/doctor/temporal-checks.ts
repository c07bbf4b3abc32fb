import proto from '@temporalio/proto';
import ms from 'ms';
import { readTemporalSettings } from '../config/temporal-settings.ts';
import { PARTNER_TASK_QUEUE } from '../domain/order-creation.ts';
import { howToRegister, readSearchAttributes, saysTypes } from '../temporal/search-attributes.ts';
import { isTaking, recentPollers, routingOf } from '../temporal/order-pollers.ts';
import type { TaskQueueDescription } from '../temporal/order-pollers.ts';
import { countPartnerWorkers, describeQueue } from '../temporal/order-workers.ts';
import { openTemporalAccess } from '../temporal/temporal-access.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import type { Check, Verdict } from './checks.ts';

const { NamespaceState } = proto.temporal.api.enums.v1;

/** Support staff are asked about orders of the last days; `REVIEW_WINDOW` is as long. */
const SHORTEST_RETENTION_MS = ms('7 days');

export interface TemporalChecks {
  checks: Check[];
  /** The connection of the checks, once the check `temporal` has succeeded. */
  temporal: () => TemporalAccess;
  close: () => Promise<void>;
}

/** Whether Temporal can carry orders. */
export function temporalChecks(environment: NodeJS.ProcessEnv): TemporalChecks {
  let opened: ReturnType<typeof openTemporalAccess> | undefined;
  const temporal = () => {
    opened ??= openTemporalAccess(readTemporalSettings(environment));
    return opened;
  };
  return {
    temporal,
    close: async () => opened?.close(),
    checks: [
      {
        name: 'temporal',
        needs: [],
        async run() {
          const { ask, connection, settings } = temporal();
          const { serverVersion } = await ask(() => connection.workflowService.getSystemInfo({}));
          return { verdict: 'ok', finding: `Temporal ${serverVersion} answers at ${settings.address}.` };
        },
      },
      {
        name: 'namespace',
        needs: ['temporal'],
        async run() {
          const { ask, connection, settings } = temporal();
          const { namespace } = settings;
          const { namespaceInfo, config } = await ask(() =>
            connection.workflowService.describeNamespace({ namespace }),
          );
          if (namespaceInfo?.state !== NamespaceState.NAMESPACE_STATE_REGISTERED) {
            return {
              verdict: 'problem',
              finding: `The namespace "${namespace}" takes no new orders: somebody has deprecated or deleted it.`,
              advice: 'Set TEMPORAL_NAMESPACE to another one.',
            };
          }
          const retentionMs = 1000 * Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
          const finding = `The namespace "${namespace}" keeps finished orders for ${ms(retentionMs, { long: true })}.`;
          if (retentionMs >= SHORTEST_RETENTION_MS) return { verdict: 'ok', finding };
          return {
            verdict: 'warning',
            finding,
            advice: `Support staff then see no more of them; "temporal operator namespace update --namespace ${namespace} --retention 30d" keeps them longer.`,
          };
        },
      },
      {
        name: 'search-attributes',
        needs: ['namespace'],
        async run() {
          const { missing, mistyped, isManaged } = await readSearchAttributes(temporal());
          if (mistyped.length > 0) return { verdict: 'problem', finding: saysTypes(mistyped) };
          if (missing.length > 0) {
            return {
              verdict: 'problem',
              finding: `Not registered, so that no order can be started: ${missing.join(', ')}.`,
              advice: isManaged
                ? 'Run "npm run temporal:apply".'
                : howToRegister(missing, temporal().settings.namespace),
            };
          }
          return isManaged
            ? { verdict: 'ok', finding: 'Every search attribute is registered.' }
            : {
                verdict: 'ok',
                finding: 'Every search attribute is registered; this server does not tell their types.',
              };
        },
      },
      {
        name: 'workers',
        needs: ['namespace'],
        async run() {
          const orders = workersVerdict(await describeQueue(temporal()));
          if (orders.taking === 0 || (await countPartnerWorkers(temporal())) > 0) return orders.verdict;
          return {
            verdict: 'warning',
            finding: `${orders.verdict.finding} None takes calls to RideNDine from the task queue "${PARTNER_TASK_QUEUE}": if orders wait there, they wait on.`,
            advice: 'Start workers of this version.',
          };
        },
      },
    ],
  };
}

/** A new build gets nothing until it is made current, and its workers say so in their own log alone. */
function workersVerdict(queue: TaskQueueDescription): { taking: number; verdict: Verdict } {
  const routing = routingOf(queue);
  const pollers = recentPollers(queue);
  const taking = pollers.filter(({ build }) => isTaking(build, routing));
  const idle = pollers.filter(({ build }) => !isTaking(build, routing));
  const idleBuilds = [...new Set(idle.map(({ build }) => (build ? `build ${build.buildId}` : 'without a build')))];
  const idleFinding =
    idle.length > 0
      ? [`Workers that take none, as their build is not current: ${idle.length} (${idleBuilds.join(', ')}).`]
      : [];
  if (taking.length > 0) {
    const finding = [`Workers that take orders: ${taking.length}.`, ...idleFinding].join(' ');
    return {
      taking: taking.length,
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
    taking: 0,
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
