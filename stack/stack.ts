import { existsSync } from 'node:fs';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { lockDataFolder, type RunningServices } from './data-folder.ts';
import type { SupportLogin } from './directus/support-user.ts';
import { isSettingOfService } from './embedded-settings.ts';
import {
  codecEndpoint,
  startCodecServer,
  startOrderPrograms,
  startOwnTemporal,
  startSandbox,
  type StackContext,
} from './parts.ts';
import { checkPorts, type NeededPort } from './ports.ts';
import type { RunningPostgres } from './postgres.ts';
import { endRecordedProcesses } from './process-records.ts';
import type { Progress } from './progress.ts';
import { loadSecrets, secretFile, type StackSecrets } from './secrets.ts';
import { portVariables, type StackPort, type StackSettings } from './settings.ts';
import { startOrderData } from './start-order-data.ts';
import type { RestartablePart } from './start-part.ts';
import { failOnCrash, Supervisor, type PartCrashed } from './supervisor.ts';
import { temporalDatabases } from './temporal/database-file.ts';

/** How long processes of an earlier stack may take to end in order. After SIGKILL they get 5 s more: 30 s together. */
const LEFTOVER_GRACE_MS = 25_000;

const KEYS_ARE_NEW =
  'There was no encryption key: a new one is made. What an older key has encrypted in this data folder cannot be read with ' +
  'it, and such orders wait: if you have that key, put it behind the new one in secrets/encryption-keys, after a comma.';

const NO_CODEC_SERVER =
  'No codec server: it would have to know the UI of your Temporal. docs/encryption.md has how to run one.';

/** The parts of a stack that a test can stop and start again. A service that was given by its address is not a part. */
export interface StackParts {
  temporal: RestartablePart | undefined;
  directus: RestartablePart | undefined;
  /** Over a restart, the sandbox keeps its orders but loses its faults, which it holds in memory. */
  ridendine: RestartablePart | undefined;
  /** Only started for the stack's own Temporal UI. */
  codecServer: RestartablePart | undefined;
  worker: RestartablePart;
  /** The same as the worker where both are one process. */
  gateway: RestartablePart;
}

/** A running stack. */
export interface Stack {
  urls: {
    gateway: string;
    directus: string;
    ridendine: string;
    temporalUi: string | undefined;
    /** The codec server's address. Everyone who has it can decode, so it must not go into a log. */
    codec: string | undefined;
  };
  temporal: TemporalSettings;
  secrets: StackSecrets;
  /** Login in the stack's own Directus for a person who looks at orders and decides about them. */
  supportLogin: SupportLogin | undefined;
  /** Resolves when a part has ended although nobody stopped it. */
  crash: Promise<PartCrashed>;
  parts: StackParts;
  /** Where the stack's own Directus keeps its data. */
  postgres: RunningPostgres | undefined;
  /** Ends everything that was started, within 5 s. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts all services that the settings do not give. First, at the same time: order data (PostgreSQL, Directus, schema,
 * demo data), Temporal, the codec server for its UI, and the RideNDine sandbox. Then the worker, and last the gateway.
 *
 * @param options.signal stops everything at any time. If the stack is not ready by then, the promise is rejected.
 * @throws Error with sentences for a person. By then, everything that was started is stopped.
 */
export async function startStack(options: {
  settings: StackSettings;
  progress: Progress;
  signal?: AbortSignal;
}): Promise<Stack> {
  const { settings, progress, signal } = options;
  const { dataDir } = settings;
  const lock = await lockDataFolder(dataDir);
  let supervisor: Supervisor | undefined;
  let stopping: Promise<void> | undefined;
  const stopOnce = async () => {
    try {
      lock.markStopping();
    } finally {
      await supervisor?.stop();
      lock.release();
    }
  };
  const stop = () => (stopping ??= stopOnce());
  try {
    await endRecordedProcesses(dataDir, {
      graceMs: LEFTOVER_GRACE_MS,
      onFound: (names) => progress.say(`An earlier run has left ${names.join(', ')} running: ending that first.`),
    });
    await checkPorts(neededPorts(settings));
    supervisor = new Supervisor({ dataDir });
    const hadKeys = existsSync(secretFile(dataDir, 'encryptionKeys')) || 'ENCRYPTION_KEYS' in settings.environment;
    if (!hadKeys && (await temporalDatabases(dataDir)).length > 0) progress.say(KEYS_ARE_NEW);
    const started = bringUp({ settings, progress, supervisor, secrets: loadSecrets(settings) });
    const stack = await Promise.race([started, failOnCrash(supervisor), failOnAbort(signal)]);
    signal?.addEventListener('abort', () => void stop());
    lock.tellServices(servicesOf(stack, settings));
    return { ...stack, crash: supervisor.crash, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(context: StackContext): Promise<Omit<Stack, 'crash' | 'stop'>> {
  const { settings, progress, secrets } = context;
  const { given, ports } = settings;
  const ownsTemporal = given.temporal === undefined;
  const temporalUi = ownsTemporal ? `http://127.0.0.1:${ports.temporalUi}` : undefined;
  const codec = ownsTemporal ? codecEndpoint(settings, secrets) : undefined;
  if (!ownsTemporal) progress.say(NO_CODEC_SERVER);

  const [temporal, codecServer, orderData, ridendine] = await Promise.all([
    given.temporal ? { settings: given.temporal, part: undefined } : startOwnTemporal(context, codec),
    ownsTemporal ? startCodecServer(context) : undefined,
    given.directus ? undefined : startOrderData(context, temporalUi),
    given.ridendineBaseUrl ? { url: given.ridendineBaseUrl, part: undefined } : startSandbox(context),
  ]);
  const directus = given.directus?.url ?? orderData?.url;
  if (directus === undefined) throw new Error('There is no Directus, neither given nor started.');

  const gateway = `http://${reachableHost(settings.gatewayHost)}:${ports.gateway}`;
  const services = { temporal: temporal.settings, directusUrl: directus, ridendineUrl: ridendine.url };
  const programs = await startOrderPrograms(context, services, gateway);
  return {
    urls: { gateway, directus, ridendine: ridendine.url, temporalUi, codec },
    temporal: temporal.settings,
    secrets,
    supportLogin: orderData?.supportLogin,
    parts: {
      temporal: temporal.part,
      directus: orderData?.directus,
      ridendine: ridendine.part,
      codecServer,
      ...programs,
    },
    postgres: orderData?.postgres,
  };
}

/** The services that programs beside the stack may use: those that the stack itself has started. */
function servicesOf(
  { urls, temporal: { address, namespace }, parts }: Omit<Stack, 'crash' | 'stop'>,
  { environment }: StackSettings,
): RunningServices {
  const { temporalUi } = urls;
  return {
    variables: {
      ...(temporalUi && { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TEMPORAL_UI_URL: temporalUi }),
      ...(parts.directus && { DIRECTUS_URL: urls.directus }),
      ...(parts.ridendine && { RIDENDINE_BASE_URL: urls.ridendine }),
    },
    given: Object.keys(environment).filter(isSettingOfService),
  };
}

function neededPorts({ ports, given }: StackSettings): NeededPort[] {
  const purposes: [StackPort, string, unknown?][] = [
    ['temporal', 'Temporal', given.temporal],
    ['temporalUi', 'the Temporal UI', given.temporal],
    ['codecServer', 'the codec server', given.temporal],
    ['directus', 'Directus', given.directus],
    ['ridendine', 'the RideNDine sandbox', given.ridendineBaseUrl],
    ['gateway', 'the gateway'],
  ];
  return purposes
    .filter(([, , isGiven]) => !isGiven)
    .map(([name, purpose]) => ({ port: ports[name], purpose, variable: portVariables[name] }));
}

/** The host at which a server is reached. A server that listens on all addresses is reached at 127.0.0.1. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

function failOnAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason as Error);
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
