import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hasErrorCode } from '../stack/has-error-code.ts';
import type { OpenHandles } from './results.ts';

/** The processes that are measured, by name. */
export type Pids = Record<string, number>;

/** Linux counts the time of processes in hundredths of a second (`man 5 proc`, USER_HZ). */
const TICK_MS = 10;

/** What a process has used, together with the processes that it has started. */
export interface ProcessUsage {
  /** On all cores, since its start. */
  cpuMs: number;
  /** By thread of the process itself, without its children. A second core cannot share the work of one thread. */
  threads: Map<number, ThreadUsage>;
  /** Memory in use now. What forked processes share counts once. */
  memoryBytes: number;
}

interface ThreadUsage {
  name: string;
  /** Since its start. */
  cpuMs: number;
}

/** Reads what running processes have used so far. @throws Error where there is no /proc, or if a process is gone. */
export function readProcessUsage<Name extends string>(pids: Record<Name, number>): Record<Name, ProcessUsage> {
  return ofFamilies(pids, (family, pid) => ({
    cpuMs: family.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    threads: readThreads(pid),
    memoryBytes: memoryOf(family.map((member) => member.pid)),
  }));
}

/** Reads what running processes hold open now. @throws Error as `readProcessUsage` does. */
export function readOpenHandles<Name extends string>(pids: Record<Name, number>): Record<Name, OpenHandles> {
  return ofFamilies(pids, (family) => {
    const targets = family.flatMap(({ pid }) => {
      const folder = `/proc/${pid}/fd`;
      // A file descriptor may be closed before its link is read.
      return namesIn(folder).flatMap((name) => ifThere(() => readlinkSync(`${folder}/${name}`)) ?? []);
    });
    return {
      files: targets.length,
      sockets: targets.filter((target) => target.startsWith('socket:')).length,
    };
  });
}

interface ProcessStat {
  pid: number;
  parentPid: number;
  /** CPU of all threads of the process, including ended threads, and of its children that have ended. */
  cpuMs: number;
}

function ofFamilies<Name extends string, Value>(
  pids: Record<Name, number>,
  read: (family: ProcessStat[], pid: number) => Value,
): Record<Name, Value> {
  if (process.platform !== 'linux')
    throw new Error('The benchmark reads what processes use from /proc: it needs Linux.');
  const all = namesIn('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (readStat(Number(entry)) ?? []) : []));
  const childrenOf = Map.groupBy(all, ({ parentPid }) => parentPid);
  const descendants = (pid: number): ProcessStat[] =>
    (childrenOf.get(pid) ?? []).flatMap((child) => [child, ...descendants(child.pid)]);
  const values = Object.entries<number>(pids).map(([name, pid]) => {
    const stat = readStat(pid);
    if (stat === undefined) throw new Error(`${name} (process ${pid}) is gone: there is nothing to measure.`);
    return [name, read([stat, ...descendants(pid)], pid)];
  });
  return Object.fromEntries(values) as Record<Name, Value>;
}

function readStat(pid: number): ProcessStat | undefined {
  const stat = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === undefined) return undefined;
  const fields = fieldsOf(stat);
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
  return { pid, parentPid: Number(fields[1]), cpuMs: ticks * TICK_MS };
}

/** The fields after the name. The name may hold spaces and parentheses itself. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readThreads(pid: number): Map<number, ThreadUsage> {
  const folder = `/proc/${pid}/task`;
  return new Map(
    namesIn(folder).flatMap((thread) => {
      const stat = ifThere(() => readFileSync(`${folder}/${thread}/stat`, 'utf8'));
      if (stat === undefined) return [];
      const fields = fieldsOf(stat);
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      return [[Number(thread), { name, cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS }] as const];
    }),
  );
}

/** Adds up the own memory of each process. Forked processes share program files and shared memory: these count once. */
function memoryOf(pids: number[]): number {
  const statuses = pids.map((pid) => ifThere(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '');
  const bytes = (name: string) =>
    statuses.map((status) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024);
  const own = bytes('RssAnon').reduce((sum, value) => sum + value, 0);
  return own + Math.max(...bytes('RssFile')) + Math.max(...bytes('RssShmem'));
}

function namesIn(folder: string): string[] {
  return ifThere(() => readdirSync(folder)) ?? [];
}

/** @returns undefined if the file or folder is gone by now. */
function ifThere<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}
