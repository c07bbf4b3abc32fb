/** By which a program is told to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Calls `stop` when the process is told to stop, and ends it at once, with exit code 1 and a line on standard error, when it
 * is told so a second time.
 */
export function stopOnSignal(program: string, stop: () => void): void {
  let isStopping = false;
  const onSignal = () => {
    if (isStopping) {
      process.stderr.write(
        `${program} was told to stop a second time, and ends at once: what it was doing is cut off.\n`,
      );
      process.exit(1);
    }
    isStopping = true;
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

const end = () => process.exit();

/**
 * Until it is taken back, ends the process at once, in order, when it is told to stop: for a program that has
 * nothing under way yet. What it waits for may never come.
 *
 * @returns takes it back.
 */
export function endOnFirstSignal(): () => void {
  for (const signal of SIGNALS) process.on(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}
