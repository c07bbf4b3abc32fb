import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { writeOwnerFile } from './owner-file.ts';
import { pidOf } from './process-identity.mjs';
import { holderOf, lockFolder } from './process-lock.mjs';

/** How long a start waits for a stack that is stopping. A stop takes at most 5 s; one that takes this long hangs. */
const STOPPING_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const STOPPING = 'stopping';

const servicesSchema = z.object({
  /** The settings with which a program reaches the services that the stack has started. They hold no secrets. */
  variables: z.record(z.string(), z.string()),
  /** The names of the service settings that were set for the stack itself. Secrets among them are stored nowhere. */
  given: z.array(z.string()),
});

/** What a stack has started, for programs beside it. A service whose address was given to the stack is left out. */
export type RunningServices = z.output<typeof servicesSchema>;

export interface DataFolderLock {
  /** Tells programs beside this stack where its services are. */
  tellServices(services: RunningServices): void;
  /** From now on, the next stack waits, and no program uses the services. */
  markStopping(): void;
  release(): void;
}

/**
 * Makes this process the only stack on the data folder, which is created if it is missing. Waits up to 30 s for a stack
 * that is stopping.
 *
 * @throws Error with one sentence if another stack runs on the folder, or if the folder cannot be written to.
 */
export async function lockDataFolder(dataDir: string): Promise<DataFolderLock> {
  const deadline = Date.now() + STOPPING_TIMEOUT_MS;
  const waitWhileStopping = async (holder: string) => {
    if (readWord(dataDir, holder) !== STOPPING || Date.now() > deadline) {
      throw new OtherStack(
        `Another stack is running on ${dataDir} (process ${pidOf(holder)}): stop it, or set STACK_DATA_DIR to another folder.`,
      );
    }
    await delay(POLL_MS);
  };
  try {
    const lock = await lockFolder(lockOf(dataDir), waitWhileStopping);
    return {
      tellServices: (services) => writeOwnerFile(lock.file, JSON.stringify(services)),
      markStopping: () => writeOwnerFile(lock.file, STOPPING),
      release: () => lock.release(),
    };
  } catch (error) {
    if (error instanceof OtherStack) throw error;
    throw new Error(
      `The data folder ${dataDir} can't be written to (${String(error)}): make it yours, or set STACK_DATA_DIR.`,
      { cause: error },
    );
  }
}

class OtherStack extends Error {}

/** @returns undefined if no stack is up on the folder. The files of a killed stack do not count. */
export function findRunningServices(dataDir: string): RunningServices | undefined {
  try {
    const holder = holderOf(lockOf(dataDir));
    return holder === undefined ? undefined : servicesSchema.parse(JSON.parse(readWord(dataDir, holder)));
  } catch {
    return undefined; // not up yet, or stopping
  }
}

/** Reads what a stack has written into its own file: its services, or that it is stopping. */
function readWord(dataDir: string, holder: string): string {
  try {
    return readFileSync(path.join(lockOf(dataDir), holder), 'utf8');
  } catch {
    return STOPPING; // the stack has just ended
  }
}

function lockOf(dataDir: string): string {
  return path.join(dataDir, 'run', 'stack');
}
