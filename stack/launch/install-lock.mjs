import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { processIdentity } from './process-identity.mjs';

const POLL_MS = 300;

/**
 * Lets one process at a time install: the lock is a file that names the process. A dead process' file counts for
 * nothing.
 * @param {string} folder
 */
export async function lockInstallation(folder) {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'installing.lock');
  const own = `${file}.${process.pid}`;
  const holders = [describe(process.pid)];
  const write = () => writeFileSync(own, JSON.stringify(holders));
  let told = false;
  write();
  while (!create(own, file)) {
    const found = read(file);
    const holder = found?.find(isRunning);
    if (holder !== undefined) {
      if (!told)
        process.stdout.write(`Another start (process ${holder.pid}) is installing the packages: waiting for it.\n`);
      told = true;
      await pause(POLL_MS);
    } else if (found !== undefined) {
      removeStale(file, `${own}.stale`);
    }
  }
  return {
    /**
     * The lock lasts until this process has ended, too: npm may outlive a killed launcher.
     * @param {number} pid
     */
    addHelper(pid) {
      holders.push(describe(pid));
      write();
      renameSync(own, file);
    },
    release() {
      for (const one of [file, own]) rmSync(one, { force: true });
    },
  };
}

const describe = (pid) => ({ pid, startedAt: processIdentity(pid) });
const isRunning = ({ pid, startedAt }) => startedAt !== undefined && processIdentity(pid) === startedAt;

/** Whole, and only if there is none: nobody reads half a lock. */
function create(own, file) {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Another process may have removed the stale lock and made its own since it was read: that one is put back. */
function removeStale(file, aside) {
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside)?.some(isRunning)) create(aside, file);
  rmSync(aside, { force: true });
}

/** @returns the holders; undefined if the lock was released meanwhile */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return error.code === 'ENOENT' ? undefined : [];
  }
}
