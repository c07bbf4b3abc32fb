import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * Tells a process from a later one that has the same process id: when it was started, as the system writes it. A zombie
 * counts as gone.
 * @param {number} pid
 * @returns {string | undefined} undefined if there is no such process
 */
export function processIdentity(pid) {
  return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
}

/** @param {number} pid */
function identityFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks and parentheses, so the fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    // Ticks since the machine was started; the boot id names that start.
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * For systems without /proc.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function identityFromPs(pid) {
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
    const stdio = /** @type {const} */ (['ignore', 'pipe', 'ignore']);
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8', env, stdio });
    const [, state, startedAt] = /^(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    return state === undefined || state.startsWith('Z') ? undefined : startedAt;
  } catch {
    return undefined;
  }
}
