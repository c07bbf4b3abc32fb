import path from 'node:path';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/contract/runs.ts';
import { baseEnvironment, environmentWith } from './child-environment.ts';
import { programFile } from './program-file.ts';
import type { Progress } from './progress.ts';
import { startRestartable, type RestartablePart } from './start-part.ts';
import type { StackSecrets } from './secrets.ts';
import type { StackSettings } from './settings.ts';
import type { PartCommand, Supervisor } from './supervisor.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { hasPoller } from './temporal/has-poller.ts';
import { startTemporal } from './temporal/start-temporal.ts';
import { waitUntilReady } from './start-part.ts';

/** Of worker, gateway, codec server and sandbox each: thirty times what it takes. */
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
/** Below the stack's own 5 s: what is not finished by then is retried by Temporal at the next start. */
const SHUTDOWN_GRACE = '1s';
const HOST = '127.0.0.1';

/** What every start of a part needs. */
export interface StackContext {
  settings: StackSettings;
  secrets: StackSecrets;
  progress: Progress;
  supervisor: Supervisor;
}

type CommandOptions = Pick<StackContext, 'settings' | 'secrets'>;

/** What an order's programs need besides: where the other services are. */
export interface ServicesOfOrders {
  temporal: TemporalSettings;
  directusUrl: string;
  ridendineUrl: string;
}

/** Temporal's dev server, with its UI. @param codec where the UI has payloads decoded. */
export function startOwnTemporal(
  { settings, progress, supervisor }: StackContext,
  codec: string | undefined,
): Promise<{ settings: TemporalSettings; part: RestartablePart }> {
  const { dataDir, ports, environment, temporalNamespace: namespace } = settings;
  const spawn = supervisor.spawn.bind(supervisor);
  return progress.step('Temporal', async (doing) => {
    const cli = await findTemporalCli({ environment, spawn, doing });
    doing('starting');
    const { temporal: port, temporalUi: uiPort } = ports;
    return startTemporal({ cli, spawn, dataDir, port, uiPort, uiCodecEndpoint: codec, namespace });
  });
}

/** What the UI and the CLI are told. It is as secret as what it decodes. */
export function codecEndpoint(settings: StackSettings, { codecPathSegment }: StackSecrets): string {
  return `${localUrl(settings.ports.codecServer)}/${codecPathSegment}`;
}

/** Shows in clear, in the Temporal UI, what Temporal stores. */
export function startCodecServer(context: StackContext): Promise<RestartablePart> {
  const url = localUrl(context.settings.ports.codecServer);
  return startProgram(context, 'Codec server', 'The codec server', codecServerCommand(context), () => isHealthy(url));
}

/** @returns the partner's base URL with the part. */
export async function startSandbox(context: StackContext): Promise<{ url: string; part: RestartablePart }> {
  const url = localUrl(context.settings.ports.ridendine);
  const command = sandboxCommand(context);
  const isReady = () => isHealthy(url);
  return { url, part: await startProgram(context, 'RideNDine sandbox', 'The RideNDine sandbox', command, isReady) };
}

/** The worker, then the gateway; where they are one process, both are the same part. */
export async function startOrderPrograms(
  context: StackContext,
  services: ServicesOfOrders,
  gatewayUrl: string,
): Promise<{ worker: RestartablePart; gateway: RestartablePart }> {
  const { temporal } = services;
  const options = { ...context, ...services };
  const takesOrders = (pid: number) => hasPoller({ temporal, taskQueue: ORDER_CREATION_TASK_QUEUE, pid });
  const isUp = () => isHealthy(gatewayUrl);
  if (context.settings.oneProcess) {
    const command = gatewayWithWorkerCommand(options);
    const isReady = async (pid: number) => (await takesOrders(pid)) && (await isUp());
    const both = await startProgram(context, 'Gateway with worker', 'The gateway with its worker', command, isReady);
    return { worker: both, gateway: both };
  }
  const worker = await startProgram(context, 'Worker', 'The worker', workerCommand(options), takesOrders);
  const gateway = await startProgram(context, 'Gateway', 'The gateway', gatewayCommand(options), isUp);
  return { worker, gateway };
}

/** @param step what the console shows. @param name for a sentence. */
function startProgram(
  { progress, supervisor }: StackContext,
  step: string,
  name: string,
  command: PartCommand,
  isReady: (pid: number) => Promise<boolean>,
): Promise<RestartablePart> {
  const launch = async () => {
    const part = supervisor.spawn(command);
    await waitUntilReady({ name, part, timeoutMs: READY_TIMEOUT_MS, isReady: () => isReady(part.pid) });
    return part;
  };
  return progress.step(step, () => startRestartable(launch));
}

/** By its address, not by the name `localhost`, behind which another program could listen at the address of IPv6. */
function localUrl(port: number): string {
  return `http://${HOST}:${port}`;
}

async function isHealthy(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await answer.body?.cancel();
  return answer.ok;
}

function sandboxCommand({ settings, secrets }: CommandOptions): PartCommand {
  return programCommand('ridendine-sandbox', 'sandbox/ridendine/main.ts', {
    ...baseEnvironment(settings.environment),
    SANDBOX_HOST: HOST,
    SANDBOX_PORT: String(settings.ports.ridendine),
    SANDBOX_DATA_FILE: path.join(settings.dataDir, 'ridendine', 'orders.db'),
    SANDBOX_API_KEY: secrets.ridendineApiKey,
  });
}

/** It gets the credential of the service account and of the partner, and no administrator's. */
function workerCommand(options: CommandOptions & ServicesOfOrders): PartCommand {
  const { settings, secrets, directusUrl, ridendineUrl } = options;
  const own = ['RIDENDINE_', 'QUOTE_GRACE', 'REVIEW_WINDOW', 'DIRECTUS_PUBLIC_URL', 'RUNBOOK_URL', 'WORKER_'];
  return programCommand('worker', 'src/worker/main.ts', {
    WORKER_SHUTDOWN_GRACE: SHUTDOWN_GRACE,
    // The orders of another Directus have their runs in another Temporal, and here they would seem to have none.
    ...(settings.given.directus && { WORKER_SWEEP: 'off' }),
    ...given(settings, own),
    ...temporalVariables(options),
    DIRECTUS_URL: directusUrl,
    DIRECTUS_TOKEN: secrets.directusServiceToken,
    RIDENDINE_BASE_URL: ridendineUrl,
    RIDENDINE_API_KEY: secrets.ridendineApiKey,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  });
}

/** It knows Temporal and its own callers, neither Directus nor the partner. */
function gatewayCommand(options: CommandOptions & Pick<ServicesOfOrders, 'temporal'>): PartCommand {
  const { settings, secrets } = options;
  return programCommand('gateway', 'src/gateway/main.ts', {
    GATEWAY_API_KEYS: secrets.gatewayKey,
    ...given(settings, ['GATEWAY_']),
    ...temporalVariables(options),
    GATEWAY_HOST: settings.gatewayHost,
    GATEWAY_PORT: String(settings.ports.gateway),
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  });
}

/** Both in one process: it gets what each of them gets. */
function gatewayWithWorkerCommand(options: CommandOptions & ServicesOfOrders): PartCommand {
  const env = { ...workerCommand(options).env, ...gatewayCommand(options).env };
  return programCommand('gateway-with-worker', 'src/worker/with-gateway/main.ts', env);
}

/**
 * It has the keys and nothing else. Not reached from outside this machine, whatever is set: to all who know the path, it
 * gives away what is encrypted.
 */
function codecServerCommand({ settings, secrets }: CommandOptions): PartCommand {
  const { ports } = settings;
  return programCommand('codec-server', 'src/codec-server/main.ts', {
    ...given(settings, []),
    CODEC_SERVER_HOST: HOST,
    CODEC_SERVER_PORT: String(ports.codecServer),
    CODEC_SERVER_UI_ORIGINS: `http://localhost:${ports.temporalUi},${localUrl(ports.temporalUi)}`,
    CODEC_SERVER_PATH_SEGMENT: secrets.codecPathSegment,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  });
}

/** A Temporal of the user's own comes with its credentials; the embedded one must not be tried with them. */
function temporalVariables({ settings, temporal }: { settings: StackSettings; temporal: TemporalSettings }) {
  const own = environmentWith(settings.environment, ['TEMPORAL_', 'XDG_CONFIG_HOME']);
  const { address, namespace } = temporal;
  return { ...(settings.given.temporal && own), TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
}

/** What all of our programs get of the environment, and what one of them gets besides. */
function given({ environment }: StackSettings, prefixes: string[]): Record<string, string> {
  return environmentWith(environment, ['LOG_LEVEL', 'OTEL_', ...prefixes]);
}

function programCommand(name: string, source: string, env: Record<string, string>): PartCommand {
  return { name, command: process.execPath, args: [programFile(source)], env };
}
