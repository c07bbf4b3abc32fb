import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { ORDER_CREATION_TASK_QUEUE, searchAttributes } from '../src/domain/order-creation.ts';
import { claimDataFolder } from './data-folder.ts';
import { gatewayCommand, sandboxCommand, workerCommand } from './parts.ts';
import { checkPorts, type NeededPort } from './ports.ts';
import { ProcessRecords } from './process-records.ts';
import type { Progress } from './progress.ts';
import { loadSecrets, type StackSecrets } from './secrets.ts';
import { portVariables, type StackPort, type StackSettings } from './settings.ts';
import { startOrderData } from './start-order-data.ts';
import { Supervisor, type Part, type PartCrashed } from './supervisor.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { hasPoller } from './temporal/has-poller.ts';
import { startTemporal } from './temporal/start-temporal.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/** Of worker, gateway and sandbox each: thirty times what it takes. */
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

/** A running stack. */
export interface Stack {
  urls: { gateway: string; directus: string; ridendine: string; temporalUi: string | undefined };
  temporal: TemporalSettings;
  secrets: StackSecrets;
  /** Whether Directus is the stack's own: orders of a real one are not played with. */
  ownsDirectus: boolean;
  /** Resolves when a part has ended that nobody had stopped. */
  crash: Promise<PartCrashed>;
  /** What was started here, by name, and how to start it again after a test has stopped it. */
  worker: Part;
  gateway: Part;
  startWorker(): Promise<Part>;
  startGateway(): Promise<Part>;
  /** Ends everything that was started, within 5 s. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts what is not given by the settings: order data (PostgreSQL, Directus, schema, seed), Temporal and the partner's
 * sandbox side by side, then the worker, last the gateway.
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

  const [temporal, directus, ridendine] = await Promise.all([
    given.temporal ?? startOwnTemporal(options),
    given.directus?.url ?? startOrderData({ ...options, temporalUiUrl: temporalUi }),
    given.ridendineBaseUrl ?? startSandbox(options),
  ]);

  const startWorker = async () => {
    const part = supervisor.spawn(
      workerCommand({ settings, secrets, temporal, directusUrl: directus, ridendineUrl: ridendine }),
    );
    await waitUntilReady({
      name: 'The worker',
      part,
      timeoutMs: READY_TIMEOUT_MS,
      isReady: () => hasPoller({ temporal, taskQueue: ORDER_CREATION_TASK_QUEUE, pid: part.pid }),
    });
    return part;
  };
  const worker = await progress.step('Worker', startWorker);

  const gatewayUrl = `http://${reachableHost(settings.gatewayHost)}:${ports.gateway}`;
  const startGateway = async () => {
    const part = supervisor.spawn(gatewayCommand({ settings, secrets, temporal }));
    await waitUntilReady({
      name: 'The gateway',
      part,
      timeoutMs: READY_TIMEOUT_MS,
      isReady: () => answersHealthy(gatewayUrl),
    });
    return part;
  };
  const gateway = await progress.step('Gateway', startGateway);

  return {
    urls: { gateway: gatewayUrl, directus, ridendine, temporalUi },
    temporal,
    secrets,
    ownsDirectus: given.directus === undefined,
    worker,
    gateway,
    startWorker,
    startGateway,
  };
}

async function startOwnTemporal(options: {
  settings: StackSettings;
  progress: Progress;
  supervisor: Supervisor;
}): Promise<TemporalSettings> {
  const { settings, progress, supervisor } = options;
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
      namespace: settings.temporalNamespace,
      searchAttributes: Object.values(searchAttributes).map(({ name }) => name),
    });
  });
}

/** @returns the partner's base URL. */
async function startSandbox(options: {
  settings: StackSettings;
  secrets: StackSecrets;
  progress: Progress;
  supervisor: Supervisor;
}): Promise<string> {
  const { progress, supervisor } = options;
  const url = `http://127.0.0.1:${options.settings.ports.ridendine}`;
  await progress.step('RideNDine sandbox', async () => {
    const part = supervisor.spawn(sandboxCommand(options));
    await waitUntilReady({
      name: 'The RideNDine sandbox',
      part,
      timeoutMs: READY_TIMEOUT_MS,
      isReady: () => answersHealthy(url),
    });
  });
  return url;
}

function neededPorts({ ports, given }: StackSettings): NeededPort[] {
  const need = (name: StackPort, purpose: string) => ({ port: ports[name], purpose, variable: portVariables[name] });
  return [
    ...(given.temporal ? [] : [need('temporal', 'Temporal'), need('temporalUi', 'the Temporal UI')]),
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
