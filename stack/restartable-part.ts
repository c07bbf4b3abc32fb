import type { Part } from './supervisor.ts';

/** A part that a test can stop and start again. What it tells of itself is of the process that was started last. */
export interface RestartablePart extends Omit<Part, 'mustStay'> {
  /** Starts it again after its end, on the same port and data, and waits until it is ready. Sets nothing up anew. */
  start(): Promise<void>;
}

/** @param launch starts the process and waits until it is ready; called here once, and again for each new start. */
export async function startRestartable(launch: () => Promise<Part>): Promise<RestartablePart> {
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
    stop: (options) => part.stop(options),
    async start() {
      part = await launch();
    },
  };
}
