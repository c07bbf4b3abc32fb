import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { claim, ClaimHeld, type Claim } from './launch/claim.mjs';

/** An earlier run that is stopping takes 5 s; more means that it hangs. */
const STOPPING_TIMEOUT_MS = 30_000;

/**
 * Makes this process the only stack on the data folder, which is created if it is missing. One that is about to end
 * is waited for; a dead one does not count.
 *
 * @throws Error with one sentence if another one is running.
 */
export async function claimDataFolder(dataDir: string): Promise<Claim> {
  const folder = path.join(dataDir, 'run', 'owner');
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Error(
      `The data folder ${dataDir} can't be written to (${String(error)}): make it yours, or set STACK_DATA_DIR.`,
      {
        cause: error,
      },
    );
  }
  try {
    return await claim({ folder, waitsFor: ({ state }) => state === 'stopping', timeoutMs: STOPPING_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof ClaimHeld)) throw error;
    throw new Error(
      `Another stack is running on ${dataDir} (process ${error.holder.pid}): stop it, or set STACK_DATA_DIR to another folder.`,
      { cause: error },
    );
  }
}
