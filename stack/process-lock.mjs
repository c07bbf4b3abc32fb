import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { isRunning, processIdentity } from './process-identity.mjs';

/**
 * Lets one process at a time hold a folder, which has a file for each holder, named by the identity of the process. Such
 * a folder replaces one that is missing or empty, never another holder's. Files of dead processes are removed by name,
 * so nobody can remove the file of a newer holder.
 *
 * @param {string} folder
 * @param {(holder: string) => Promise<void>} whileHeld waits a moment, or throws; called until the folder is free
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
      /** This process' own file, to tell others something. */
      file: path.join(folder, name),
      /** @param {number} pid of a process that holds the folder, too: it may outlive this one */
      addHolder: (pid) => void addHolder(folder, pid),
      release: () => listFiles(folder).forEach((file) => rmSync(path.join(folder, file), { force: true })),
    };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** @returns {string} the name of its file */
function addHolder(folder, pid) {
  const name = processIdentity(pid) ?? `${pid}@gone`;
  writeFileSync(path.join(folder, name), '', { mode: 0o600 });
  return name;
}

/** @returns {string | undefined} the identity of a process that holds the folder */
export function holderOf(folder) {
  return listFiles(folder).find(isRunning);
}

/** @returns whether there was no file in `folder` */
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
