import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { endAll, type KnownProcess } from './known-process.ts';
import { processIdentity } from './launch/process-identity.mjs';

/** PostgreSQL's fast shutdown: connections are closed, and everything is written down. */
export const POSTGRES_STOP_SIGNAL = 'SIGINT';

/** Together the 30 s that a start waits at most for what an earlier run left. SIGKILL leaves the rest to recovery. */
const LEFTOVER_GRACE_MS = 25_000;
const LEFTOVER_KILL_MS = 5_000;

/**
 * Ends the PostgreSQL that an earlier run of the same data folder left behind (the run was killed), and removes the
 * lock file of one that is long gone but whose process id belongs to another program by now.
 *
 * @throws Error if the leftover can't be ended.
 */
export async function endLeftoverPostgres(dataDir: string, log: (line: string) => void): Promise<void> {
  const pid = await readPostmasterPid(dataDir);
  const known = pid === undefined ? undefined : knownPostgres(pid);
  if (known === undefined) return;

  if (!(await isPostgresOf(known.pid, dataDir))) {
    log(`Process ${known.pid} in postmaster.pid is another program: the lock file is stale.`);
    await rm(join(dataDir, 'postmaster.pid'), { force: true });
    return;
  }
  log(`An earlier run left PostgreSQL running (process ${known.pid}): ending it.`);
  const stillThere = await endAll([known], { graceMs: LEFTOVER_GRACE_MS, killMs: LEFTOVER_KILL_MS });
  if (stillThere.length === 0) return;
  throw new Error(`PostgreSQL of an earlier run (process ${known.pid}) can't be ended: end it and start again.`);
}

/** The process id of the PostgreSQL that serves, or served, this data folder. */
export async function readPostmasterPid(dataDir: string): Promise<number | undefined> {
  const lockFile = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(lockFile, 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** @returns undefined if there is no such process. */
export function knownPostgres(pid: number): KnownProcess | undefined {
  const startedAt = processIdentity(pid);
  if (startedAt === undefined) return undefined;
  return { name: 'postgresql', pid, startedAt, stopSignal: POSTGRES_STOP_SIGNAL, leadsGroup: false };
}

async function isPostgresOf(pid: number, dataDir: string): Promise<boolean> {
  const command = await commandLineOf(pid);
  return command.includes('postgres') && command.includes(dataDir);
}

/** `ps` is missing in many containers, `/proc` on macOS. */
async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const { stdout } = await execa('ps', ['-o', 'command=', '-p', String(pid)], { reject: false });
  return stdout;
}
