import { createHash } from 'node:crypto';

/** Random choices that the same seed makes again. */
export interface SeededRandom {
  /** 0 up to, not including, 1. */
  next(): number;
  /** From `lowest` to `highest`, both included. */
  integer(lowest: number, highest: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** In the form of a version 4 UUID. */
  uuid(): string;
}

/**
 * Mulberry32: 32 bits of state, which is plenty for a plan and none too much for a reader.
 *
 * @param part of the plan that the choices are for: what one part takes does not change another.
 */
export function seededRandom(seed: number, part: string): SeededRandom {
  let state = createHash('sha256').update(`${seed} ${part}`).digest().readUInt32BE();
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (lowest: number, highest: number) => lowest + Math.floor(next() * (highest - lowest + 1));
  return {
    next,
    integer,
    pick(items) {
      const item = items[integer(0, items.length - 1)];
      if (item === undefined) throw new Error('There is nothing to pick from.');
      return item;
    },
    uuid() {
      const digits = Array.from({ length: 32 }, () => integer(0, 15).toString(16));
      digits[12] = '4';
      digits[16] = (8 + integer(0, 3)).toString(16);
      return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
  };
}
