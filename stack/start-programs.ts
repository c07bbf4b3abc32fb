import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/contract/runs.ts';
import {
  codecServerCommand,
  gatewayCommand,
  gatewayWithWorkerCommand,
  sandboxCommand,
  workerCommand,
} from './parts.ts';
import type { Progress } from './progress.ts';
import { startRestartable, type RestartablePart } from './restartable-part.ts';
import type { StackSecrets } from './secrets.ts';
import type { StackSettings } from './settings.ts';
import type { PartCommand, Supervisor } from './supervisor.ts';
import { findTemporalCli } from './temporal/find-cli.ts';
import { hasPoller } from './temporal/has-poller.ts';
import { startTemporal } from './temporal/start-temporal.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/** Of worker, gateway, codec server and sandbox each: thirty times what it takes. */
const READY_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

/** The worker, then the gateway; where they are one process, both are the same part. */
export async function startPrograms(options: {
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

/** Temporal's dev server, with its UI. */
export async function startOwnTemporal(options: {
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
export function codecEndpoint(settings: StackSettings, { codecPathSegment }: StackSecrets): string {
  return `${codecOrigin(settings)}/${codecPathSegment}`;
}

/** What shows in clear, in the Temporal UI, what Temporal stores. */
export function startCodecServer(options: {
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
export async function startSandbox(options: {
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

async function answersHealthy(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await answer.body?.cancel();
  return answer.ok;
}
