import process from 'node:process';

const POLL_MS = 1_000;

/**
 * For a program that npm runs and that starts others: ends it in order if npm is killed. npm passes on the signals that
 * it receives, and SIGKILL is none of these.
 */
export function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    // The system gives an orphan another parent.
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, POLL_MS);
  timer.unref();
}
