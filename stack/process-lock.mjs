import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { isRunning, processIdentity } from './process-identity.mjs';

/**
 * Lets one process at a time hold a folder. The folder has a file for each holder, named by the process' identity. A
 * process prepares a folder of its own and moves it to the place of `folder`. The move succeeds only if `folder` is
 * missing or empty. Files of dead processes are removed by name, so no process can remove the file of a newer holder.
 *
 * @param {string} folder
 * @param {(holder: string) => Promise<void>} whileHeld called again and again until the folder is free; waits a moment,
 *   or throws
 */
export async function lockFolder(folder, whileHeld) {
  mkdirSync(path.dirname(folder), { recursive: true });
  const own = mkdtempSync(`${folder}.`);
  try {
    const name = addHolder(own, process.pid);
    while (!replaceIfFree(own, folder)) {
      const holders = listFiles(folder);
      const running = holders.find(isRunning);
      if (running !== undefined) await whileHeld(running);
      else for (const dead of holders) rmSync(path.join(folder, dead), { force: true });
    }
    return {
      /** This process' own file, in which it can tell other processes something. */
      file: path.join(folder, name),
      /** @param {number} pid of a process that then also holds the folder; it may outlive this process */
      addHolder: (pid) => void addHolder(folder, pid),
      release: () => listFiles(folder).forEach((file) => rmSync(path.join(folder, file), { force: true })),
    };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** @returns {string} the name of the holder's file */
function addHolder(folder, pid) {
  const name = processIdentity(pid) ?? `${pid}@gone`;
  writeFileSync(path.join(folder, name), '', { mode: 0o600 });
  return name;
}

/** @returns {string | undefined} the identity of a process that holds the folder */
export function holderOf(folder) {
  return listFiles(folder).find(isRunning);
}

/** @returns whether `own` has replaced `folder`, which works only if `folder` has no file */
function replaceIfFree(own, folder) {
  try {
    renameSync(own, folder);
    return true;
  } catch (error) {
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns {string[]} */
function listFiles(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
