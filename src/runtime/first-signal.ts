import { SIGNALS } from './stop-on-signal.ts';

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
