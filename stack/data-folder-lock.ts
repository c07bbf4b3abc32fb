import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './launch/process-identity.mjs';

/** A stack that is stopping takes 5 s; one that takes longer hangs. */
const STOPPING_TIMEOUT_MS = 30_000;
const SQLITE_BUSY = 5;

export interface DataFolderLock {
  /** From now on, the next stack waits. */
  markStopping(): void;
  release(): void;
}

/**
 * Makes this process the only stack on the data folder, which is created if it is missing. The lock is an open
 * transaction of SQLite: the system ends it with the process, however that ends.
 *
 * @throws Error with one sentence if another stack runs and is not stopping.
 */
export async function lockDataFolder(dataDir: string): Promise<DataFolderLock> {
  const ownerFile = path.join(dataDir, 'run', 'owner');
  const deadline = Date.now() + STOPPING_TIMEOUT_MS;
  let database: DatabaseSync | undefined;
  const write = (state: string) => writeFileSync(ownerFile, `${process.pid} ${state}`);
  for (;;) {
    try {
      mkdirSync(path.dirname(ownerFile), { recursive: true });
      database ??= new DatabaseSync(path.join(dataDir, 'run', 'lock.db'));
      database.exec('BEGIN EXCLUSIVE');
      write('running');
      break;
    } catch (error) {
      const owner = readOwner(ownerFile);
      if (!(error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)) {
        throw new Error(
          `The data folder ${dataDir} can't be written to (${String(error)}): make it yours, or set STACK_DATA_DIR.`,
          { cause: error },
        );
      }
      if ((owner.isRunning && owner.state === 'running') || Date.now() > deadline) {
        database?.close();
        throw new Error(
          `Another stack is running on ${dataDir} (process ${owner.pid}): stop it, or set STACK_DATA_DIR to another folder.`,
          { cause: error },
        );
      }
      // Also the moment between a lock and its owner's file, and two that try at once.
      await delay(20 + Math.random() * 180);
    }
  }
  return { markStopping: () => write('stopping'), release: () => database.close() };
}

function readOwner(file: string): { pid: number; state: string | undefined; isRunning: boolean } {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {} // not written yet
  const [pid, state] = text.split(' ');
  return { pid: Number(pid), state, isRunning: processIdentity(Number(pid)) !== undefined };
}
