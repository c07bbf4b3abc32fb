import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pWaitFor from 'p-wait-for';
import { programFile } from '../../stack/program-file.ts';
import { hasPoller } from '../../stack/temporal/has-poller.ts';
import { compileCache } from './compile-cache.ts';
import type { RunningStack } from './running-stack.ts';

/** Fifty times as long as a start that compiles the workflows. The machine may be very busy. */
const READY_TIMEOUT_MS = 150_000;

export interface WorkerEnvironment extends Record<string, string> {
  TEMPORAL_ADDRESS: string;
  TEMPORAL_NAMESPACE: string;
}

export interface WorkerProcess {
  signal(signal: NodeJS.Signals): void;
  /** What the worker has printed so far to standard output and standard error. */
  output(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Kills the worker if it still runs. */
  kill(): Promise<void>;
}

/** The settings that a worker of this stack needs. */
export function workerEnvironment({ stack }: RunningStack): WorkerEnvironment {
  const { temporal, urls, secrets } = stack;
  return {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    DIRECTUS_URL: urls.directus,
    DIRECTUS_TOKEN: secrets.directusServiceToken,
    RIDENDINE_BASE_URL: urls.ridendine,
    RIDENDINE_API_KEY: secrets.ridendineApiKey,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  };
}

/** Starts a worker as a process of its own. Resolves when the worker polls for orders. */
export async function startWorkerProcess(environment: WorkerEnvironment): Promise<WorkerProcess> {
  const main = programFile('src/worker/main.ts');
  const child = spawn(process.execPath, [main], { env: { ...compileCache(), ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const worker = {
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    output: () => output,
    exited,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
  try {
    const temporal = { address: environment.TEMPORAL_ADDRESS, namespace: environment.TEMPORAL_NAMESPACE };
    const isReady = () => hasPoller(temporal, child.pid ?? 0);
    await pWaitFor(
      () => {
        if (child.exitCode !== null) throw new Error(`The worker ended before it was ready:\n${output}`);
        // If the check fails, the worker is not ready yet.
        return isReady().catch(() => false);
      },
      { interval: 100, timeout: READY_TIMEOUT_MS },
    );
  } catch (error) {
    await worker.kill();
    throw error;
  }
  return worker;
}
