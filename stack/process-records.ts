import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import pWaitFor, { TimeoutError } from 'p-wait-for';
import { hasErrorCode } from './has-error-code.ts';
import { writeOwnerFile } from './owner-file.ts';
import { isRunning, pidOf } from './process-identity.mjs';

/** How long a killed process may take to be gone. */
const KILLED_MS = 5_000;

/** A running process of a data folder, as its file in `run/processes` describes it. */
export interface ProcessRecord {
  name: string;
  /** The identity of the process, which leads a process group: see `processIdentity`. */
  identity: string;
  stopSignal: NodeJS.Signals;
  /** The process id of the stack that started it. */
  stackPid: number;
}

export function writeRecord(dataDir: string, record: ProcessRecord): void {
  mkdirSync(folderOf(dataDir), { recursive: true });
  writeOwnerFile(path.join(folderOf(dataDir), record.identity), JSON.stringify(record));
}

export function removeRecord(dataDir: string, { identity }: ProcessRecord): void {
  rmSync(path.join(folderOf(dataDir), identity), { force: true });
}

/** Sends a signal to the process if it still runs. */
export function signalProcess({ identity }: ProcessRecord, signal: NodeJS.Signals): void {
  if (isRunning(identity)) ignoringGone(() => process.kill(pidOf(identity), signal));
}

/** Kills a process and the rest of its group. The system does not reuse the group's id while the group has members. */
export function killGroup({ identity }: ProcessRecord): void {
  ignoringGone(() => process.kill(-pidOf(identity), 'SIGKILL'));
}

/**
 * Ends the recorded processes of a data folder: first with the stop signal of each, and after `graceMs` with SIGKILL.
 *
 * @param options.stackPid if given, only the processes that this stack has started are ended.
 * @param options.onFound called once, before the wait, if any process still runs.
 * @throws Error with one sentence if a process still runs 5 s after SIGKILL.
 */
export async function endRecordedProcesses(
  dataDir: string,
  options: { graceMs: number; stackPid?: number; onFound?: (names: string[]) => void },
): Promise<void> {
  const { graceMs, stackPid, onFound } = options;
  const records = readRecords(dataDir).filter((record) => stackPid === undefined || record.stackPid === stackPid);
  const running = records.filter(({ identity }) => isRunning(identity));
  if (running.length > 0) {
    onFound?.(running.map(({ name }) => name));
    for (const record of running) signalProcess(record, record.stopSignal);
    await waitUntilGone(running, graceMs);
    for (const record of running) killGroup(record);
    await waitUntilGone(running, KILLED_MS);
    const left = running.find(({ identity }) => isRunning(identity));
    if (left !== undefined) {
      throw new Error(
        `An earlier run left ${left.name} (process ${pidOf(left.identity)}) behind and it can't be ended: end it and start again.`,
      );
    }
  }
  for (const record of records) removeRecord(dataDir, record);
}

function readRecords(dataDir: string): ProcessRecord[] {
  return existsSync(folderOf(dataDir))
    ? readdirSync(folderOf(dataDir)).flatMap((name) => readRecord(path.join(folderOf(dataDir), name)) ?? [])
    : [];
}

function readRecord(file: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
  } catch {
    return undefined; // the file was removed meanwhile, or is damaged: then no process is ended
  }
}

function folderOf(dataDir: string): string {
  return path.join(dataDir, 'run', 'processes');
}

async function waitUntilGone(records: ProcessRecord[], timeoutMs: number): Promise<void> {
  try {
    await pWaitFor(() => !records.some(({ identity }) => isRunning(identity)), { interval: 50, timeout: timeoutMs });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}

function ignoringGone(send: () => void): void {
  try {
    send();
  } catch (error) {
    // EPERM: macOS reports this for a group whose members are all zombies.
    if (!hasErrorCode(error, 'ESRCH') && !hasErrorCode(error, 'EPERM')) throw error;
  }
}
