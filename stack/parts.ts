import path from 'node:path';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { baseEnvironment, environmentWith } from './child-environment.ts';
import { programFile, withoutCallStacks } from './program-file.ts';
import type { Progress } from './progress.ts';
import type { StackSecrets } from './secrets.ts';
import type { StackSettings } from './settings.ts';
import { startPart, type RestartablePart } from './start-part.ts';
import type { Part, Supervisor } from './supervisor.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { hasPoller } from './temporal/has-poller.ts';
import { startTemporal } from './temporal/start-temporal.ts';

/** For each of worker, gateway, codec server and sandbox: thirty times what a start takes. */
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
/** Less than the 5 s in which the whole stack stops. Temporal retries unfinished work at the next start. */
const SHUTDOWN_GRACE = '1s';
const HOST = '127.0.0.1';

/** What every start of a part needs. */
export interface StackContext {
  settings: StackSettings;
  secrets: StackSecrets;
  progress: Progress;
  supervisor: Supervisor;
}

/** What worker and gateway need in addition: where the other services are. */
export interface ServicesOfOrders {
  temporal: TemporalSettings;
  directusUrl: string;
  ridendineUrl: string;
}

/** Starts Temporal's dev server with its UI. @param uiCodecEndpoint address where the UI gets payloads decoded. */
export function startOwnTemporal(
  { settings, progress, supervisor }: StackContext,
  uiCodecEndpoint: string | undefined,
): Promise<{ settings: TemporalSettings; part: RestartablePart }> {
  const { dataDir, environment, temporalNamespace: namespace } = settings;
  const { temporal: port, temporalUi: uiPort } = settings.ports;
  const spawn = supervisor.spawn.bind(supervisor);
  const say = progress.say.bind(progress);
  return progress.step('Temporal', async (doing) => {
    const cli = await findTemporalCli({ environment, spawn, doing, say });
    doing('starting');
    return startTemporal({ cli, spawn, dataDir, port, uiPort, uiCodecEndpoint, namespace, say });
  });
}

/** The codec server's address for the UI and the CLI. It is as secret as the data that the codec server decodes. */
export function codecEndpoint(settings: StackSettings, { codecPathSegment }: StackSecrets): string {
  return `${localUrl(settings.ports.codecServer)}/${codecPathSegment}`;
}

/**
 * The codec server decodes what Temporal stores, so that the Temporal UI can show it in clear. It has the encryption
 * keys and no credential of another service. No setting makes it reachable from outside this machine, because everyone
 * who knows its path can decode.
 */
export function startCodecServer(context: StackContext): Promise<RestartablePart> {
  const { settings, secrets } = context;
  const { codecServer, temporalUi } = settings.ports;
  return startProgram(context, {
    step: 'Codec server',
    name: 'codec-server',
    source: 'src/codec-server/main.ts',
    env: {
      ...given(settings, []),
      CODEC_SERVER_HOST: HOST,
      CODEC_SERVER_PORT: String(codecServer),
      CODEC_SERVER_UI_ORIGINS: `http://localhost:${temporalUi},${localUrl(temporalUi)}`,
      CODEC_SERVER_PATH_SEGMENT: secrets.codecPathSegment,
      ENCRYPTION_KEYS: secrets.encryptionKeys,
    },
    isReady: () => isHealthy(localUrl(codecServer)),
  });
}

/** @returns the part, and the base URL of this stand-in for RideNDine. */
export async function startSandbox(context: StackContext): Promise<{ url: string; part: RestartablePart }> {
  const { settings, secrets } = context;
  const url = localUrl(settings.ports.ridendine);
  const part = await startProgram(context, {
    step: 'RideNDine sandbox',
    name: 'ridendine-sandbox',
    source: 'sandbox/ridendine/main.ts',
    env: {
      ...baseEnvironment(settings.environment),
      SANDBOX_HOST: HOST,
      SANDBOX_PORT: String(settings.ports.ridendine),
      SANDBOX_DATA_FILE: path.join(settings.dataDir, 'ridendine', 'orders.db'),
      SANDBOX_API_KEY: secrets.ridendineApiKey,
    },
    isReady: () => isHealthy(url),
  });
  return { url, part };
}

/** Starts the worker, then the gateway. If they are one process, both results are the same part. */
export async function startOrderPrograms(
  context: StackContext,
  services: ServicesOfOrders,
  gatewayUrl: string,
): Promise<{ worker: RestartablePart; gateway: RestartablePart }> {
  const { temporal } = services;
  const worker = {
    step: 'Worker',
    name: 'worker',
    source: 'src/worker/main.ts',
    nodeArguments: withoutCallStacks(),
    env: workerEnvironment(context, services),
    isReady: ({ pid }: Part) => hasPoller(temporal, pid),
  };
  const gateway = {
    step: 'Gateway',
    name: 'gateway',
    source: 'src/gateway/main.ts',
    env: gatewayEnvironment(context, temporal),
    isReady: () => isHealthy(gatewayUrl),
  };
  if (!context.settings.oneProcess) {
    return { worker: await startProgram(context, worker), gateway: await startProgram(context, gateway) };
  }
  const both = await startProgram(context, {
    step: 'Gateway with worker',
    name: 'gateway-with-worker',
    source: 'src/worker/with-gateway/main.ts',
    nodeArguments: withoutCallStacks(),
    env: { ...worker.env, ...gateway.env },
    isReady: async (part) => (await worker.isReady(part)) && (await gateway.isReady()),
  });
  return { worker: both, gateway: both };
}

interface Program {
  /** What the console shows. */
  step: string;
  name: string;
  /** Its file from the project's root. */
  source: string;
  /** Options of Node. */
  nodeArguments?: string[];
  env: Record<string, string>;
  isReady: (part: Part) => Promise<boolean>;
}

function startProgram(
  { progress, supervisor }: StackContext,
  { step, name, source, nodeArguments = [], env, isReady }: Program,
): Promise<RestartablePart> {
  const args = [...nodeArguments, programFile(source)];
  const spawn = () => supervisor.spawn({ name, command: process.execPath, args, env });
  return progress.step(step, () => startPart({ name: step, spawn, timeoutMs: READY_TIMEOUT_MS, isReady }));
}

/** Uses the address, not the name `localhost`: another program could listen on the IPv6 address of `localhost`. */
function localUrl(port: number): string {
  return `http://${HOST}:${port}`;
}

async function isHealthy(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await answer.body?.cancel();
  return answer.ok;
}

/** The worker gets the credentials of the service account and of RideNDine, but no administrator's credential. */
function workerEnvironment({ settings, secrets }: StackContext, services: ServicesOfOrders): Record<string, string> {
  const own = ['RIDENDINE_', 'QUOTE_GRACE', 'REVIEW_WINDOW', 'DIRECTUS_PUBLIC_URL', 'RUNBOOK_URL', 'WORKER_'];
  return {
    WORKER_SHUTDOWN_GRACE: SHUTDOWN_GRACE,
    // Orders in the user's own Directus have their runs in another Temporal. The sweep would find no runs of them here.
    ...(settings.given.directus && { WORKER_SWEEP: 'off' }),
    ...given(settings, own),
    ...temporalVariables(settings, services.temporal),
    DIRECTUS_URL: services.directusUrl,
    DIRECTUS_TOKEN: secrets.directusServiceToken,
    RIDENDINE_BASE_URL: services.ridendineUrl,
    RIDENDINE_API_KEY: secrets.ridendineApiKey,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  };
}

/** The gateway gets the settings of Temporal and of its own callers, but none of Directus or RideNDine. */
function gatewayEnvironment({ settings, secrets }: StackContext, temporal: TemporalSettings): Record<string, string> {
  return {
    GATEWAY_API_KEYS: secrets.gatewayKey,
    OPERATOR_API_KEYS: secrets.operatorKey,
    ...given(settings, ['GATEWAY_', 'OPERATOR_API_KEYS', 'BULK_']),
    ...temporalVariables(settings, temporal),
    GATEWAY_HOST: settings.gatewayHost,
    GATEWAY_PORT: String(settings.ports.gateway),
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  };
}

/** The user's own Temporal is reached with the user's credentials. The embedded Temporal must not be given them. */
function temporalVariables(settings: StackSettings, { address, namespace }: TemporalSettings): Record<string, string> {
  const own = settings.given.temporal && environmentWith(settings.environment, ['TEMPORAL_', 'XDG_CONFIG_HOME']);
  return { ...own, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
}

/** The variables that all of our programs get, and those with the given prefixes, which one program gets. */
function given({ environment }: StackSettings, prefixes: string[]): Record<string, string> {
  return environmentWith(environment, ['LOG_LEVEL', 'OTEL_', ...prefixes]);
}
