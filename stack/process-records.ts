import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pWaitFor, { TimeoutError } from 'p-wait-for';
import { z } from 'zod';
import { hasErrorCode } from './has-error-code.ts';
import { processIdentity } from './launch/process-identity.mjs';

const recordSchema = z.object({
  name: z.string(),
  /** Of the leader of a process group. */
  pid: z.int().positive(),
  /** Tells the process from a later one with the same pid. */
  startedAt: z.string(),
  stopSignal: z.custom<NodeJS.Signals>((value) => typeof value === 'string' && value.startsWith('SIG')),
  /** The process that started it. */
  stackPid: z.int().positive(),
});

/** A running process of a data folder, as its file in `run/processes` describes it. */
export type ProcessRecord = z.output<typeof recordSchema>;

export function writeRecord(dataDir: string, record: ProcessRecord): void {
  const file = recordFile(dataDir, record.pid);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

export function removeRecord(dataDir: string, pid: number): void {
  rmSync(recordFile(dataDir, pid), { force: true });
}

/** Sends a signal to the process if it still runs. */
export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (isRunning(record)) ignoringGone(() => process.kill(record.pid, signal));
}

/** Ends a process at once, and what it has started in its group. The system keeps the group's id while it has members. */
export function killGroup(leaderPid: number): void {
  ignoringGone(() => process.kill(-leaderPid, 'SIGKILL'));
}

/**
 * Ends the recorded processes of a data folder: by the stop signal of each, after `graceMs` by SIGKILL.
 *
 * @param options.stackPid only the processes that this stack has started.
 * @param options.onFound called once, before the wait, if any process still runs.
 * @throws Error with one sentence if a process still runs 5 s after SIGKILL.
 */
export async function endRecordedProcesses(
  dataDir: string,
  options: { graceMs: number; stackPid?: number; onFound?: (names: string[]) => void },
): Promise<void> {
  const { graceMs, stackPid, onFound } = options;
  const records = readRecords(dataDir).filter((record) => stackPid === undefined || record.stackPid === stackPid);
  const running = records.filter(isRunning);
  if (running.length > 0) {
    onFound?.(running.map(({ name }) => name));
    for (const record of running) signalProcess(record, record.stopSignal);
    await waitUntilGone(running, graceMs);
    for (const { pid } of running) killGroup(pid);
    await waitUntilGone(running, 5_000);
    const left = running.find(isRunning);
    if (left !== undefined) {
      throw new Error(
        `An earlier run left ${left.name} (process ${left.pid}) behind and it can't be ended: end it and start again.`,
      );
    }
  }
  for (const { pid } of records) removeRecord(dataDir, pid);
}

function readRecords(dataDir: string): ProcessRecord[] {
  try {
    return readdirSync(path.dirname(recordFile(dataDir, 0)))
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => readRecord(recordFile(dataDir, Number.parseInt(name, 10))) ?? []);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function readRecord(file: string): ProcessRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined; // damaged: no reason to end a process
  }
}

function recordFile(dataDir: string, pid: number): string {
  return path.join(dataDir, 'run', 'processes', `${pid}.json`);
}

function isRunning({ pid, startedAt }: ProcessRecord): boolean {
  return processIdentity(pid) === startedAt;
}

async function waitUntilGone(records: ProcessRecord[], timeoutMs: number): Promise<void> {
  try {
    await pWaitFor(() => !records.some(isRunning), { interval: 50, timeout: timeoutMs });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}

function ignoringGone(send: () => void): void {
  try {
    send();
  } catch (error) {
    // EPERM: macOS says so of a group whose members are all zombies.
    if (!hasErrorCode(error, 'ESRCH') && !hasErrorCode(error, 'EPERM')) throw error;
  }
}
