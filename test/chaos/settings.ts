import { randomInt } from 'node:crypto';

export interface ChaosSettings {
  /** The same seed plans the same orders, duplicates, faults and crashes. */
  seed: number;
  /** Orders in the storm. */
  orders: number;
  /** How often each crash comes in each step. */
  rounds: number;
  /** Whether the figures are written to docs/reliability.md. */
  isWritten: boolean;
}

/**
 * Reads CHAOS_SEED, CHAOS_ORDERS, CHAOS_ROUNDS and CHAOS_WRITE. CI uses the defaults: each run draws a new seed.
 *
 * @throws Error with one sentence if a number is not a whole number from 1 on.
 */
export function readChaosSettings(environment: Record<string, string | undefined>): ChaosSettings {
  const number = (name: string, standard: number) => {
    const text = environment[name] ?? '';
    const value = text === '' ? standard : Number(text);
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a whole number from 1 on.`);
    return value;
  };
  return {
    seed: number('CHAOS_SEED', randomInt(1, 2 ** 32)),
    orders: number('CHAOS_ORDERS', 200),
    rounds: number('CHAOS_ROUNDS', 1),
    isWritten: environment['CHAOS_WRITE'] === '1',
  };
}
