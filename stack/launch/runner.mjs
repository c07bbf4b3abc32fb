import process from 'node:process';
import { processIdentity, readProcess } from './process-identity.mjs';

const INTERVAL_MS = 1000;

/**
 * Calls back once when the npm (or other script runner) that runs this process is gone. Without a runner, never: who
 * starts the launcher by hand and closes the shell wants it to go on.
 * @param {() => void} onGone
 */
export function watchRunner(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const runner = findRunner();
  if (runner === undefined) return;
  const timer = setInterval(() => {
    if (processIdentity(runner.pid) === runner.startedAt) return;
    clearInterval(timer);
    onGone();
  }, INTERVAL_MS);
  timer.unref();
}

/**
 * npm runs scripts through a shell. One that has replaced itself by this process is out of the way; one that has not
 * stays alive when npm is killed, so its parent is the one to watch.
 */
function findRunner() {
  const parent = describe(process.ppid);
  return parent?.isShell ? describe(parent.parentPid) : parent;
}

function describe(pid) {
  const found = readProcess(pid);
  return found && { pid, ...found, isShell: /^-?(a|ba|da|k|z)?sh$/.test(found.name) };
}
