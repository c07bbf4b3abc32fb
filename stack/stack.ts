import { existsSync } from 'node:fs';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/domain/order-creation.ts';
import { claimDataFolder } from './data-folder.ts';
import {
  codecServerCommand,
  gatewayCommand,
  gatewayWithWorkerCommand,
  sandboxCommand,
  workerCommand,
} from './parts.ts';
import { checkPorts, type NeededPort } from './ports.ts';
import { ProcessRecords } from './process-records.ts';
import type { RunningPostgres } from './postgres.ts';
import type { Progress } from './progress.ts';
import { startRestartable, type RestartablePart } from './restartable-part.ts';
import { loadSecrets, secretFiles, type StackSecrets } from './secrets.ts';
import { portVariables, type StackPort, type StackSettings } from './settings.ts';
import type { SupportLogin } from './directus/support-user.ts';
import { startOrderData } from './start-order-data.ts';
import { Supervisor, type PartCommand, type PartCrashed } from './supervisor.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { hasPoller } from './temporal/has-poller.ts';
import { startTemporal, temporalDatabase } from './temporal/start-temporal.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/** Of worker, gateway, codec server and sandbox each: thirty times what it takes. */
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

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
  const temporalUi = given.temporal === undefined ? `http://localhost:${ports.temporalUi}` : undefined;

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

/** The worker, then the gateway; where they are one process, both are the same part. */
async function startPrograms(options: {
  progress: Progress;
  supervisor: Supervisor;
  gatewayUrl: string;
  about: Parameters<typeof gatewayWithWorkerCommand>[0];
}): Promise<{ worker: RestartablePart; gateway: RestartablePart }> {
  const { progress, supervisor, gatewayUrl, about } = options;
  const { settings, temporal } = about;
  const takesOrders = (pid: number) => hasPoller({ temporal, taskQueue: ORDER_CREATION_TASK_QUEUE, pid });
  if (settings.oneProcess) {
    const both = await progress.step('Gateway with worker', () =>
      startProgram({
        name: 'The gateway with its worker',
        supervisor,
        command: gatewayWithWorkerCommand(about),
        isReady: async (pid) => (await takesOrders(pid)) && (await answersHealthy(gatewayUrl)),
      }),
    );
    return { worker: both, gateway: both };
  }
  const worker = await progress.step('Worker', () =>
    startProgram({ name: 'The worker', supervisor, command: workerCommand(about), isReady: takesOrders }),
  );
  const gateway = await progress.step('Gateway', () =>
    startProgram({
      name: 'The gateway',
      supervisor,
      command: gatewayCommand(about),
      isReady: () => answersHealthy(gatewayUrl),
    }),
  );
  return { worker, gateway };
}

/** Starts one of our own programs: worker, gateway, codec server or sandbox. */
function startProgram(options: {
  /** For a person. */
  name: string;
  supervisor: Supervisor;
  command: PartCommand;
  isReady: (pid: number) => Promise<boolean>;
}): Promise<RestartablePart> {
  const { name, supervisor, command, isReady } = options;
  return startRestartable(async () => {
    const part = supervisor.spawn(command);
    await waitUntilReady({ name, part, timeoutMs: READY_TIMEOUT_MS, isReady: () => isReady(part.pid) });
    return part;
  });
}

async function startOwnTemporal(options: {
  settings: StackSettings;
  progress: Progress;
  supervisor: Supervisor;
  /** Where its UI has payloads decoded. */
  codec: string | undefined;
}): Promise<{ settings: TemporalSettings; part: RestartablePart }> {
  const { settings, progress, supervisor, codec } = options;
  const spawn = supervisor.spawn.bind(supervisor);
  return progress.step('Temporal', async (doing) => {
    const cli = await findTemporalCli({ environment: settings.environment, spawn, doing });
    doing('starting');
    return startTemporal({
      cli,
      spawn,
      dataDir: settings.dataDir,
      port: settings.ports.temporal,
      uiPort: settings.ports.temporalUi,
      uiCodecEndpoint: codec,
      namespace: settings.temporalNamespace,
    });
  });
}

/** By its address, not by the name `localhost`, behind which another program could listen at the address of IPv6. */
function codecOrigin({ ports }: StackSettings): string {
  return `http://127.0.0.1:${ports.codecServer}`;
}

/** What the UI and the CLI are told. It is as secret as what it decodes. */
function codecEndpoint(settings: StackSettings, { codecPathSegment }: StackSecrets): string {
  return `${codecOrigin(settings)}/${codecPathSegment}`;
}

function startCodecServer(options: {
  settings: StackSettings;
  secrets: StackSecrets;
  progress: Progress;
  supervisor: Supervisor;
}): Promise<RestartablePart> {
  const { settings, progress, supervisor } = options;
  return progress.step('Codec server', () =>
    startProgram({
      name: 'The codec server',
      supervisor,
      command: codecServerCommand(options),
      isReady: () => answersHealthy(codecOrigin(settings)),
    }),
  );
}

/** @returns the partner's base URL with the part. */
async function startSandbox(options: {
  settings: StackSettings;
  secrets: StackSecrets;
  progress: Progress;
  supervisor: Supervisor;
}): Promise<{ url: string; part: RestartablePart }> {
  const { progress, supervisor } = options;
  const url = `http://127.0.0.1:${options.settings.ports.ridendine}`;
  const part = await progress.step('RideNDine sandbox', () =>
    startProgram({
      name: 'The RideNDine sandbox',
      supervisor,
      command: sandboxCommand(options),
      isReady: () => answersHealthy(url),
    }),
  );
  return { url, part };
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

async function answersHealthy(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await answer.body?.cancel();
  return answer.ok;
}

/** A server that listens everywhere is asked here. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

async function failOnCrash(supervisor: Supervisor): Promise<never> {
  throw await supervisor.crash;
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
