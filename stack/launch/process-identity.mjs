import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/**
 * What the system says of a process. A zombie counts as gone: it runs nothing and holds nothing.
 * @param {number} pid
 * @returns {{ name: string, parentPid: number, startedAt: string } | undefined} undefined if there is no such process
 */
export function readProcess(pid) {
  return process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid);
}

/**
 * Tells a process from a later one that got the same pid: `startedAt` differs.
 * @param {number} pid
 * @returns {string | undefined} undefined if there is no such process
 */
export function processIdentity(pid) {
  return readProcess(pid)?.startedAt;
}

/** @param {number} pid */
function readFromProc(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold spaces and parentheses itself, so the fields are counted from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  // Ticks since boot (field 22 of the line); the boot id keeps them apart after a restart of the machine.
  return {
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    parentPid: Number(parentPid),
    startedAt: `${bootId()}/${fields[19]}`,
  };
}

function bootId() {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'boot';
  }
}

/**
 * The same from `ps`, for systems without /proc.
 * @param {number} pid
 */
export function readFromPs(pid) {
  let line;
  try {
    line = execFileSync('ps', ['-o', 'state=,ppid=,lstart=,comm=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
  // Sun Nov 22 23:10:16 2026: five words, whatever the name of the program behind them.
  const [, state, parentPid, startedAt, program] = /^(\S+)\s+(\d+)\s+((?:\S+\s+){4}\d{4})\s+(.+)$/.exec(line) ?? [];
  if (state === undefined || startedAt === undefined || state.startsWith('Z')) return undefined;
  return { name: path.basename(program), parentPid: Number(parentPid), startedAt };
}
