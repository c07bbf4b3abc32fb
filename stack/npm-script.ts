import process from 'node:process';

const POLL_MS = 1_000;

/**
 * For a program that npm runs and that starts other programs. Ends this program in order if npm is killed: npm passes
 * on the signals that it receives, but a SIGKILL cannot be passed on.
 */
export function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    // When npm has died, the system gives this process another parent.
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, POLL_MS);
  timer.unref();
}
