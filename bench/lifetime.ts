import { fileURLToPath } from 'node:url';
import { baseEnvironment } from '../stack/child-environment.ts';
import type { Progress } from '../stack/progress.ts';
import { startPart } from '../stack/start-part.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';

/** The input of a part of the benchmark. */
export interface Measurement<Plan> {
  plan: Plan;
  progress: Progress;
  /** Ends the measurement. */
  signal?: AbortSignal;
}

/** What was started for a measurement. */
export interface Started {
  /** Resolves if one of its processes dies. */
  crash?: Promise<Error>;
  stop(): Promise<unknown>;
}

/** Starts something that is stopped when the measurement is over, the last started first. */
export type Start = <Thing extends Started>(begin: () => Promise<Thing>) => Promise<Thing>;

/**
 * Measures, then aborts `over` and stops everything that was started for the measurement. The signal, or the death of a
 * started process, ends the measurement with an error.
 */
export async function whileRunning<Result>(
  signal: AbortSignal | undefined,
  measure: (start: Start, over: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const starting: Promise<Started>[] = [];
  const failed = Promise.withResolvers<never>();
  const over = new AbortController();
  const start: Start = async (begin) => {
    over.signal.throwIfAborted();
    const beginning = begin();
    starting.push(beginning);
    const thing = await beginning;
    void thing.crash?.then(failed.reject);
    return thing;
  };
  signal?.addEventListener('abort', () => failed.reject(signal.reason as Error), { once: true });
  try {
    signal?.throwIfAborted();
    return await Promise.race([measure(start, over.signal), failed.promise]);
  } finally {
    over.abort();
    // A thing that is still starting is waited for, and stopped as well.
    for (const beginning of starting.toReversed()) {
      const thing = await beginning.catch(() => undefined);
      await thing?.stop();
    }
  }
}

const READY_TIMEOUT_MS = 60_000;

/** A process of its own that runs a program of the project. */
export interface Program extends Started {
  pid: number;
  /** From its start until it was ready. */
  readyMs: number;
}

export async function startProgram(options: {
  name: string;
  /** From the project's root. */
  file: string;
  /** Options of Node. */
  nodeArguments?: string[];
  env: Record<string, string>;
  isReady: (pid: number) => Promise<boolean>;
}): Promise<Program> {
  const { name, file, nodeArguments = [], env, isReady } = options;
  const { supervisor, stop } = await openSupervisedFolder(`order-creation-${name}`);
  try {
    const startedAt = performance.now();
    const command = {
      name,
      command: process.execPath,
      args: [...nodeArguments, fileURLToPath(new URL(`../${file}`, import.meta.url))],
      env: { ...baseEnvironment(process.env), ...env },
    };
    const part = await startPart({
      name: `The program ${name}`,
      spawn: () => supervisor.spawn(command),
      timeoutMs: READY_TIMEOUT_MS,
      isReady: ({ pid }) => isReady(pid),
    });
    return { pid: part.pid, readyMs: performance.now() - startedAt, crash: supervisor.crash, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
