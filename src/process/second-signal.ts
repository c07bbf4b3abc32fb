/** By which a program is told to stop. */
export const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ends the process at once, with exit code 1 and a line on standard error, when it is told to stop a second time. What the
 * first signal does is the program's own affair.
 */
export function forceOnSecondSignal(program: string): void {
  let isStopping = false;
  const onSignal = () => {
    if (isStopping) {
      process.stderr.write(
        `${program} was told to stop a second time, and ends at once: what it was doing is cut off.\n`,
      );
      process.exit(1);
    }
    isStopping = true;
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
}
