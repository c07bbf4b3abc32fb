import pWaitFor, { TimeoutError } from 'p-wait-for';
import { hasErrorCode } from './has-error-code.ts';
import { processIdentity } from './launch/process-identity.mjs';

/** A process of the stack, told apart from a later one that got the same pid. */
export interface KnownProcess {
  name: string;
  pid: number;
  startedAt: string;
  stopSignal: NodeJS.Signals;
  /** It leads a process group, which is ended with it. */
  leadsGroup: boolean;
}

export function isRunning({ pid, startedAt }: KnownProcess): boolean {
  return processIdentity(pid) === startedAt;
}

/** Sends a signal to the process if it is still there. */
export function signalProcess(known: KnownProcess, signal: NodeJS.Signals): void {
  if (!isRunning(known)) return;
  ignoringGone(() => process.kill(known.pid, signal));
}

/** Ends the process at once, and what it has started in its group. */
export function killProcess(known: KnownProcess): void {
  if (known.leadsGroup) killGroup(known.pid);
  else signalProcess(known, 'SIGKILL');
}

/** Ends what a group's leader has left behind. The id of a group is not given away again while it has members. */
export function killGroup(leaderPid: number): void {
  ignoringGone(() => process.kill(-leaderPid, 'SIGKILL'));
}

/**
 * Ends processes side by side: the stop signal of each, and SIGKILL for those that are still there after `graceMs`.
 *
 * @returns those that are still there `killMs` after that; normally none.
 */
export async function endAll(
  processes: KnownProcess[],
  { graceMs, killMs }: { graceMs: number; killMs: number },
): Promise<KnownProcess[]> {
  for (const known of processes) signalProcess(known, known.stopSignal);
  await waitUntilGone(processes, graceMs);
  for (const known of processes) killProcess(known);
  await waitUntilGone(processes, killMs);
  return processes.filter(isRunning);
}

async function waitUntilGone(processes: KnownProcess[], timeoutMs: number): Promise<void> {
  try {
    await pWaitFor(() => !processes.some(isRunning), { interval: 50, timeout: timeoutMs });
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
