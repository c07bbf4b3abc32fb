import { existsSync } from 'node:fs';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { claimDataFolder } from './data-folder.ts';
import { checkPorts, type NeededPort } from './ports.ts';
import { ProcessRecords } from './process-records.ts';
import { isSettingOfService } from './embedded-settings.ts';
import type { RunningPostgres } from './postgres.ts';
import type { Progress } from './progress.ts';
import type { RestartablePart } from './restartable-part.ts';
import { forgetServices, recordServices, type RunningServices } from './running-services.ts';
import { loadSecrets, secretFiles, type StackSecrets } from './secrets.ts';
import { portVariables, type StackPort, type StackSettings } from './settings.ts';
import type { SupportLogin } from './directus/support-user.ts';
import { startOrderData } from './start-order-data.ts';
import { codecEndpoint, startCodecServer, startOwnTemporal, startPrograms, startSandbox } from './start-programs.ts';
import { failOnCrash, Supervisor, type PartCrashed } from './supervisor.ts';
import { temporalDatabase } from './temporal/start-temporal.ts';

/** A data folder of before version 0.2 has none either, and nothing in it is encrypted. */
const KEYS_ARE_NEW =
  'There was no encryption key: a new one is made. What an older key has encrypted in this data folder can not be read with ' +
  'it, and such orders wait: if you have that key, put it behind the new one in secrets/encryption-keys, after a comma.';

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
  /** How a person logs in to the stack's own Directus who looks at orders and changes nothing. */
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
  const claim = await claimDataFolder(dataDir);
  let supervisor: Supervisor | undefined;
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      claim.markStopping();
      forgetServices(dataDir);
      await supervisor?.stop();
      claim.release();
    })();
    return stopping;
  };
  try {
    await new ProcessRecords(dataDir).endLeftovers((names) =>
      progress.say(`An earlier run has left ${names.join(', ')} running: ending that first.`),
    );
    await checkPorts(neededPorts(settings));
    supervisor = new Supervisor({ dataDir });
    const hadKeys = existsSync(secretFiles(dataDir).encryptionKeys) || 'ENCRYPTION_KEYS' in settings.environment;
    if (!hadKeys && existsSync(temporalDatabase(dataDir))) progress.say(KEYS_ARE_NEW);
    const started = bringUp({ settings, progress, supervisor, secrets: loadSecrets(settings) });
    const stack = await Promise.race([started, failOnCrash(supervisor), failOnAbort(signal)]);
    signal?.addEventListener('abort', () => void stop());
    recordServices(dataDir, servicesOf(stack, settings));
    return { ...stack, crash: supervisor.crash, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(options: {
  settings: StackSettings;
  progress: Progress;
  supervisor: Supervisor;
  secrets: StackSecrets;
}): Promise<Omit<Stack, 'crash' | 'stop'>> {
  const { settings, progress, supervisor, secrets } = options;
  const { given, ports } = settings;
  const temporalUi = given.temporal === undefined ? `http://127.0.0.1:${ports.temporalUi}` : undefined;

  const codec = given.temporal === undefined ? codecEndpoint(settings, secrets) : undefined;
  if (codec === undefined) {
    progress.say(
      'No codec server: it would have to know the UI of your Temporal. docs/encryption.md has how to run one.',
    );
  }

  const [temporal, codecServer, orderData, ridendine] = await Promise.all([
    given.temporal ? { settings: given.temporal, part: undefined } : startOwnTemporal({ ...options, codec }),
    codec === undefined ? undefined : startCodecServer(options),
    given.directus ? undefined : startOrderData({ ...options, temporalUiUrl: temporalUi }),
    given.ridendineBaseUrl ? { url: given.ridendineBaseUrl, part: undefined } : startSandbox(options),
  ]);
  const directusUrl = given.directus?.url ?? orderData?.url;
  if (directusUrl === undefined) throw new Error('There is no Directus, neither given nor started.');

  const gatewayUrl = `http://${reachableHost(settings.gatewayHost)}:${ports.gateway}`;
  const { worker, gateway } = await startPrograms({
    progress,
    supervisor,
    gatewayUrl,
    about: { settings, secrets, temporal: temporal.settings, directusUrl, ridendineUrl: ridendine.url },
  });

  return {
    urls: { gateway: gatewayUrl, directus: directusUrl, ridendine: ridendine.url, temporalUi, codec },
    temporal: temporal.settings,
    secrets,
    ownsDirectus: orderData !== undefined,
    supportLogin: orderData?.supportLogin,
    parts: {
      temporal: temporal.part,
      directus: orderData?.directus,
      ridendine: ridendine.part,
      codecServer,
      worker,
      gateway,
    },
    postgres: orderData?.postgres,
  };
}

/** What programs beside the stack may use: what it has started itself. */
function servicesOf(
  { urls, temporal, parts }: Omit<Stack, 'crash' | 'stop'>,
  settings: StackSettings,
): RunningServices {
  return {
    ...(urls.temporalUi !== undefined && { temporal: { ...temporal, uiUrl: urls.temporalUi } }),
    ...(parts.directus !== undefined && { directus: { url: urls.directus } }),
    ...(parts.ridendine !== undefined && { ridendine: { url: urls.ridendine } }),
    given: Object.keys(settings.environment).filter(isSettingOfService),
  };
}

function neededPorts({ ports, given }: StackSettings): NeededPort[] {
  const need = (name: StackPort, purpose: string) => ({ port: ports[name], purpose, variable: portVariables[name] });
  return [
    ...(given.temporal
      ? []
      : [need('temporal', 'Temporal'), need('temporalUi', 'the Temporal UI'), need('codecServer', 'the codec server')]),
    ...(given.directus ? [] : [need('directus', 'Directus')]),
    ...(given.ridendineBaseUrl ? [] : [need('ridendine', 'the RideNDine sandbox')]),
    need('gateway', 'the gateway'),
  ];
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
