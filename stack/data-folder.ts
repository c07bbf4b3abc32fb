import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { writeOwnerFile } from './owner-file.ts';
import { pidOf } from './process-identity.mjs';
import { holderOf, lockFolder } from './process-lock.mjs';

/** A stack that is stopping takes 5 s; one that takes longer hangs. */
const STOPPING_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const STOPPING = 'stopping';

const servicesSchema = z.object({
  /** The settings by which a program reaches what the stack has started. No secret is among them. */
  variables: z.record(z.string(), z.string()),
  /** The names of the variables that the stack itself was given; their values stand nowhere. */
  given: z.array(z.string()),
});

/** What a stack has started, for programs beside it. A service that was given to it by its address is left out. */
export type RunningServices = z.output<typeof servicesSchema>;

export interface DataFolderLock {
  /** Tells programs beside this stack where its services are. */
  tellServices(services: RunningServices): void;
  /** From now on, the next stack waits, and no program uses the services. */
  markStopping(): void;
  release(): void;
}

/**
 * Makes this process the only stack on the data folder, which is created if it is missing.
 *
 * @throws Error with one sentence if another stack runs and is not stopping.
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

/** @returns undefined if no stack is up on the folder: what a killed one has left behind does not count. */
export function findRunningServices(dataDir: string): RunningServices | undefined {
  try {
    const holder = holderOf(lockOf(dataDir));
    return holder === undefined ? undefined : servicesSchema.parse(JSON.parse(readWord(dataDir, holder)));
  } catch {
    return undefined; // not up yet, or stopping
  }
}

/** What a stack says of itself. */
function readWord(dataDir: string, holder: string): string {
  try {
    return readFileSync(path.join(lockOf(dataDir), holder), 'utf8');
  } catch {
    return STOPPING; // it has just ended
  }
}

function lockOf(dataDir: string): string {
  return path.join(dataDir, 'run', 'stack');
}
