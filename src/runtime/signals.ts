/** The signals that tell a program to stop. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Calls `stop` when the process is told to stop. When the process is told a second time, it ends at once, with a line
 * on standard error and exit code 1.
 */
export function stopOnSignal(program: string, stop: () => void): void {
  let isStopping = false;
  const onSignal = () => {
    if (isStopping) {
      process.stderr.write(
        `${program} was told to stop a second time, and ends at once: unfinished work is cut off.\n`,
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
 * Makes the first signal to stop end the process at once, without an error. This is for a program that has nothing
 * under way yet, and waits for something that may never come.
 *
 * @returns a function that ends this behaviour.
 */
export function endOnFirstSignal(): () => void {
  for (const signal of SIGNALS) process.on(signal, end);
  return () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
}
