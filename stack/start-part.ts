import pWaitFor, { TimeoutError } from 'p-wait-for';
import type { Part } from './supervisor.ts';

const POLL_MS = 50;

/** A part that a test can stop and start again. `pid` and `exited` are those of the process that was started last. */
export interface RestartablePart extends Omit<Part, 'mustStay'> {
  /** Starts the part again after its end, on the same port and data, and waits until it is ready. Repeats no setup. */
  start(): Promise<void>;
}

interface Readiness {
  /** As messages name the part. */
  name: string;
  timeoutMs: number;
  /** Whether the part answers. A rejection means that it is not ready yet. */
  isReady: (part: Part) => Promise<boolean>;
}

/**
 * Starts a part and waits until it is ready.
 *
 * @throws Error with one sentence if the part ends first, or is not ready in time. A part that is too late is stopped.
 */
export async function startPart(options: Readiness & { spawn: () => Part | Promise<Part> }): Promise<RestartablePart> {
  const launch = async () => {
    const part = await options.spawn();
    await waitUntilReady({ ...options, part });
    return part;
  };
  let part = await launch();
  return {
    name: part.name,
    logFile: part.logFile,
    get pid() {
      return part.pid;
    },
    get exited() {
      return part.exited;
    },
    stop: (how) => part.stop(how),
    async start() {
      part = await launch();
    },
  };
}

/** @throws as `startPart` does. */
export async function waitUntilReady({ name, part, timeoutMs, isReady }: Readiness & { part: Part }): Promise<void> {
  const waiting = new AbortController();
  const asked = pWaitFor(() => isReady(part).catch(() => false), {
    interval: POLL_MS,
    timeout: timeoutMs,
    signal: waiting.signal,
  });
  try {
    const end = await Promise.race([asked.then(() => undefined), part.exited]);
    if (end === undefined) return;
    throw new Error(
      `${name} ended (${end.signal ?? `exit code ${end.code}`}) before it was ready: ${part.logFile} says why.`,
    );
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    await part.stop();
    throw new Error(`${name} was not ready within ${timeoutMs / 1000} s: ${part.logFile} may say why.`, {
      cause: error,
    });
  } finally {
    waiting.abort();
  }
}
