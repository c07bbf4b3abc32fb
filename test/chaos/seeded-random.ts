import { createHash } from 'node:crypto';

/** Random choices. The same seed gives the same choices. */
export interface SeededRandom {
  /** From 0 (included) to 1 (not included). */
  next(): number;
  /** From `lowest` to `highest`, both included. */
  integer(lowest: number, highest: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** A UUID in the form of version 4. */
  uuid(): string;
}

/**
 * Mulberry32. Its 32 bits of state are enough for a plan, and its code is short.
 *
 * @param part names the part of the plan that the choices are for. Each part has its own sequence: more choices in one
 *   part do not change another part.
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
