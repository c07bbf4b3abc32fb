import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hasErrorCode } from '../stack/has-error-code.ts';

/** Linux tells processes' times in hundredths of a second, whatever its own clock (`man 5 proc`, USER_HZ). */
const TICK_MS = 10;

/** What a process has used, with those that it has started. */
export interface ProcessUsage {
  /** On all cores together, since its start. */
  cpuMs: number;
  /** The same for each thread of the process itself: what one of them does, no second core can do for it. */
  threadCpuMs: Map<number, number>;
  /** In memory now; what forked processes share counts once. */
  memoryBytes: number;
}

/**
 * Reads what running processes have used so far.
 *
 * @throws Error where there is no /proc, or if one of them is gone.
 */
export function readProcessUsage<Name extends string>(pids: Record<Name, number>): Record<Name, ProcessUsage> {
  return ofFamilies(pids, (family, pid) => ({
    cpuMs: family.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    threadCpuMs: readThreads(pid),
    memoryBytes: memoryOf(family.map((member) => member.pid)),
  }));
}

/** What a process holds, with those that it has started. */
export interface OpenHandles {
  /** File descriptors of all kinds, sockets among them. */
  files: number;
  sockets: number;
  threads: number;
}

/**
 * Reads what running processes hold open now.
 *
 * @throws Error as `readProcessUsage` does, and if a process is somebody else's.
 */
export function readOpenHandles<Name extends string>(pids: Record<Name, number>): Record<Name, OpenHandles> {
  return ofFamilies(pids, (family) => {
    const targets = family.flatMap(({ pid }) => readDescriptors(pid));
    return {
      files: targets.length,
      sockets: targets.filter((target) => target.startsWith('socket:')).length,
      threads: family.reduce((sum, { pid }) => sum + readThreads(pid).size, 0),
    };
  });
}

function ofFamilies<Name extends string, Value>(
  pids: Record<Name, number>,
  read: (family: ProcessStat[], pid: number) => Value,
): Record<Name, Value> {
  if (process.platform !== 'linux')
    throw new Error('The benchmark reads what processes use from /proc: it needs Linux.');
  const childrenOf = Map.groupBy(readAllStats(), ({ parentPid }) => parentPid);
  const values = Object.entries<number>(pids).map(([name, pid]) => {
    const stat = readStat(String(pid));
    if (stat === undefined) throw new Error(`${name} (process ${pid}) is gone: there is nothing to measure.`);
    return [name, read([stat, ...descendants(pid, childrenOf)], pid)];
  });
  return Object.fromEntries(values) as Record<Name, Value>;
}

interface ProcessStat {
  pid: number;
  parentPid: number;
  /** Of all its threads, those that have ended included, and of children that have ended. */
  cpuMs: number;
}

function readAllStats(): ProcessStat[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (readStat(entry) ?? []) : []));
}

function descendants(pid: number, childrenOf: Map<number, ProcessStat[]>): ProcessStat[] {
  return (childrenOf.get(pid) ?? []).flatMap((child) => [child, ...descendants(child.pid, childrenOf)]);
}

function readStat(pid: string): ProcessStat | undefined {
  const fields = statFields(`/proc/${pid}/stat`);
  if (fields === undefined) return undefined;
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  const ticks = Number(utime) + Number(stime) + Number(cutime) + Number(cstime);
  return { pid: Number(pid), parentPid: Number(fields[1]), cpuMs: ticks * TICK_MS };
}

/** The fields behind the name, which may hold spaces and parentheses itself; `undefined` if the process is gone. */
function statFields(file: string): string[] | undefined {
  const stat = readIfThere(file);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readThreads(pid: number): Map<number, number> {
  const folder = `/proc/${pid}/task`;
  return new Map(
    namesIn(folder).flatMap((thread) => {
      const fields = statFields(`${folder}/${thread}/stat`);
      return fields === undefined
        ? []
        : [[Number(thread), (Number(fields[11]) + Number(fields[12])) * TICK_MS] as const];
    }),
  );
}

/** Where each file descriptor of a process leads to: `socket:[…]`, `pipe:[…]`, a path. */
function readDescriptors(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  // It may be closed before it is looked at.
  return namesIn(folder).flatMap((name) => ifThere(() => readlinkSync(`${folder}/${name}`)) ?? []);
}

/** Each process has its own data; program files and shared memory are the same for all that were forked from one. */
function memoryOf(pids: number[]): number {
  const statuses = pids.map((pid) => readIfThere(`/proc/${pid}/status`) ?? '');
  const bytes = (name: string) =>
    statuses.map((status) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024);
  const own = bytes('RssAnon').reduce((sum, value) => sum + value, 0);
  return own + Math.max(...bytes('RssFile')) + Math.max(...bytes('RssShmem'));
}

function readIfThere(file: string): string | undefined {
  return ifThere(() => readFileSync(file, 'utf8'));
}

function namesIn(folder: string): string[] {
  return ifThere(() => readdirSync(folder)) ?? [];
}

/** `undefined` of what is gone by now. */
function ifThere<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}
