import proto from '@temporalio/proto';
import ms from 'ms';
import { setVariables } from '../../config/environment.ts';
import { readTemporalSettings } from '../../config/temporal-settings.ts';
import {
  howToRegister,
  lacksRoom,
  readSearchAttributes,
  saysRoom,
  saysTypes,
} from '../../temporal/search-attributes.ts';
import { openTemporalAccess, TemporalAccessError } from '../../temporal/temporal-access.ts';
import type { TemporalAccess } from '../../temporal/temporal-access.ts';
import type { Check, Verdict } from './checks.ts';
import { judgeClock } from './server-clock.ts';
import { readTemporalClock } from './temporal-clock.ts';
import { workersCheck } from './workers-check.ts';

const { NamespaceState } = proto.temporal.api.enums.v1;

/**
 * The first version with Worker Deployments, by which a new build takes over from an old one. Updates, by which support
 * staff decide, have been on by default since an older version. The tests run against 1.32.
 */
const OLDEST_SERVER = { major: 1, minor: 28 };

/** Support staff are asked about orders of the last days. The default of `REVIEW_WINDOW` is as long. */
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
          return judgeVersion(serverVersion, settings.address);
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
          const faults = namespaceFaults(namespaceInfo, environment);
          const takesBuilds = !hasBuild(environment) || (await takesWorkersWithBuilds(temporal()));
          if (!takesBuilds) faults.push(NO_WORKERS_WITH_BUILDS);
          if (faults.length > 0) {
            return {
              verdict: 'problem',
              finding: `The namespace "${namespace}" ${faults.map(({ finding }) => finding).join(', and ')}.`,
              advice: `In the dynamic configuration of the server ${faults.map(({ advice }) => advice).join(', and ')}.`,
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
          const registered = await readSearchAttributes(temporal());
          const { missing, mistyped, isManaged } = registered;
          if (mistyped.length > 0) return { verdict: 'problem', finding: saysTypes(mistyped) };
          if (missing.length > 0) {
            return {
              verdict: 'problem',
              finding: `Not registered, so that no order can be started: ${missing.join(', ')}.`,
              advice: !isManaged
                ? howToRegister(missing, temporal().settings.namespace)
                : lacksRoom(registered)
                  ? saysRoom(registered)
                  : 'Run "npm run temporal:apply".',
            };
          }
          return isManaged
            ? { verdict: 'ok', finding: 'Every search attribute is registered.' }
            : {
                verdict: 'not checked',
                finding: 'Every search attribute is registered; of which type, this server does not tell.',
                advice: 'Look in the UI of Temporal Cloud: each must be a Keyword.',
              };
        },
      },
      {
        name: 'temporal-clock',
        needs: ['namespace'],
        async run() {
          return judgeClock(await readTemporalClock(temporal()), {
            whose: 'Temporal',
            isCountedOn: true,
            why: 'orders are given up, and RideNDine is not called any more, by the clock of Temporal.',
          });
        },
      },
      workersCheck(temporal),
    ],
  };
}

interface NamespaceFault {
  finding: string;
  advice: string;
}

/** Features that are off, and limits that are too low for orders. Servers before 1.30 do not tell their limits. */
function namespaceFaults(
  { capabilities, supportsSchedules, limits }: proto.temporal.api.namespace.v1.INamespaceInfo,
  environment: NodeJS.ProcessEnv,
): NamespaceFault[] {
  const faults: NamespaceFault[] = [];
  if (!capabilities?.syncUpdate || !capabilities.asyncUpdate) {
    faults.push({
      finding: 'takes no workflow updates, by which support staff decide about orders',
      advice:
        'set frontend.enableUpdateWorkflowExecution and frontend.enableUpdateWorkflowExecutionAsyncAccepted to true',
    });
  }
  if (!supportsSchedules && environment['WORKER_SWEEP'] !== 'off') {
    faults.push({
      finding: 'takes no schedules, so that no worker starts: one has the sweep for lost orders started',
      advice:
        'set frontend.enableSchedules to true (or WORKER_SWEEP=off for the workers, and nobody finds a lost order)',
    });
  }
  const largestPayload = Number(limits?.blobSizeLimitError ?? 0);
  if (largestPayload > 0 && largestPayload < LEAST_PAYLOAD) {
    faults.push({
      finding: `takes no more than ${largestPayload} bytes at once, which an order with a large cart is`,
      advice: `set limit.blobSize.error to ${LEAST_PAYLOAD} or more`,
    });
  }
  return faults;
}

/** In bytes. A run passes a checkout of up to 64 KiB, and a cart, from step to step. */
const LEAST_PAYLOAD = 512 * 1024;

function hasBuild(environment: NodeJS.ProcessEnv): boolean {
  const set = setVariables(environment);
  return 'WORKER_BUILD_ID' in set || 'TEMPORAL_WORKER_BUILD_ID' in set;
}

const NO_WORKERS_WITH_BUILDS: NamespaceFault = {
  finding: 'takes no workers with a build, as WORKER_BUILD_ID makes them',
  advice: 'set system.enableDeploymentVersions to true',
};

async function takesWorkersWithBuilds({ ask, connection, settings: { namespace } }: TemporalAccess): Promise<boolean> {
  try {
    await ask(() => connection.workflowService.listWorkerDeployments({ namespace, pageSize: 1 }));
    return true;
  } catch (error) {
    // Temporal has just accepted the credential for another request. So a refusal here means that the feature is off.
    const isOff =
      error instanceof TemporalAccessError && (error.isUnimplemented || error.trouble === 'credential refused');
    if (isOff) return false;
    throw error;
  }
}

function judgeVersion(version: string, address: string): Verdict {
  const { major: oldestMajor, minor: oldestMinor } = OLDEST_SERVER;
  const finding = `Temporal ${version} answers at ${address}.`;
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) {
    return {
      verdict: 'warning',
      finding: `Temporal answers at ${address} and does not tell its version.`,
      advice: `Make sure that it is ${oldestMajor}.${oldestMinor} or newer.`,
    };
  }
  const isSupported = Number(major) > oldestMajor || (Number(major) === oldestMajor && Number(minor) >= oldestMinor);
  if (isSupported) return { verdict: 'ok', finding };
  return {
    verdict: 'problem',
    finding,
    advice: `It is too old: upgrade it to ${oldestMajor}.${oldestMinor} or newer, one minor version after the other.`,
  };
}
