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

/** What an earlier run left gets this long to end in order, and 5 s more after it was killed: 30 s together. */
const LEFTOVER_GRACE_MS = 25_000;

const KEYS_ARE_NEW =
  'There was no encryption key: a new one is made. What an older key has encrypted in this data folder cannot be read with ' +
  'it, and such orders wait: if you have that key, put it behind the new one in secrets/encryption-keys, after a comma.';

const NO_CODEC_SERVER =
  'No codec server: it would have to know the UI of your Temporal. docs/encryption.md has how to run one.';

/** The parts of a stack that a test can stop and start again. A service that was given by its address is none. */
export interface StackParts {
  temporal: RestartablePart | undefined;
  directus: RestartablePart | undefined;
  /** Its orders are kept; its faults live in its memory and go with it. */
  ridendine: RestartablePart | undefined;
  /** There is one for the stack's own Temporal UI only. */
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
    /** The codec server's endpoint. Whoever has it may decode: it goes into no log. */
    codec: string | undefined;
  };
  temporal: TemporalSettings;
  secrets: StackSecrets;
  /** Whether Directus is the stack's own: orders of a real one are not played with. */
  ownsDirectus: boolean;
  /** How a person logs in to the stack's own Directus who looks at orders and decides about them. */
  supportLogin: SupportLogin | undefined;
  /** Resolves when a part has ended that nobody had stopped. */
  crash: Promise<PartCrashed>;
  parts: StackParts;
  /** Where the stack's own Directus keeps its data. */
  postgres: RunningPostgres | undefined;
  /** Ends everything that was started, within 5 s. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts what is not given by the settings: order data (PostgreSQL, Directus, schema, seed), Temporal, the codec server
 * of its UI and the partner's sandbox side by side, then the worker, last the gateway.
 *
 * @param options.signal stops everything, before or after readiness; the promise is rejected if it was before.
 * @throws Error with sentences for a person. Everything that was started is gone then.
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
    ownsDirectus: orderData !== undefined,
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

/** What programs beside the stack may use: what it has started itself. */
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

/** A server that listens everywhere is asked here. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

function failOnAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(new StackStopped());
    signal?.addEventListener('abort', () => reject(new StackStopped()), { once: true });
  });
}

/** Somebody asked for the stop; there is nothing to tell. */
export class StackStopped extends Error {
  override readonly name = 'StackStopped';
  override readonly message = 'The stack was stopped before it was ready.';
}
