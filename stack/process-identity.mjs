import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * The identity of a process, `pid@start`. A later process with the same process id has another identity. An
 * identity can be part of a file's name. A zombie counts as gone.
 * @param {number} pid
 * @returns {string | undefined} undefined if there is no such process
 */
export function processIdentity(pid, readStart = process.platform === 'linux' ? startFromProc : startFromPs) {
  try {
    const start = readStart(pid)?.replace(/\W+/g, '-');
    return start && `${pid}@${start}`;
  } catch {
    return undefined;
  }
}

/** @param {string} identity */
export function isRunning(identity) {
  return processIdentity(pidOf(identity)) === identity;
}

/** @param {string} identity */
export function pidOf(identity) {
  return Number.parseInt(identity, 10);
}

/** @param {number} pid */
function startFromProc(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks and parentheses, so fields are counted from the last closing parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  // The start time is in ticks since the machine was started. The boot id identifies that start of the machine.
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}-${fields[19]}`;
}

/**
 * For systems without /proc.
 * @param {number} pid
 */
export function startFromPs(pid) {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, state, start] = /^(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
  return state?.startsWith('Z') ? undefined : start;
}
