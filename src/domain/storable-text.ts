import { z } from 'zod';
import { isStorable } from './storable.ts';

const message = 'contains a character that can not be stored';

export const storableText = z.string().refine(isStorable, message);

/** Deeper than any address or cart, and shallow enough that nothing which walks through it runs out of stack. */
const DEEPEST = 32;

/** Whether a JSON value is nested no deeper than that, and each of its texts, names of members included, is sound. */
function isSoundJson(value: unknown, isSoundText: (text: string) => boolean, depth = DEEPEST): boolean {
  if (typeof value === 'string') return isSoundText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return Object.entries(value).every(
    ([key, member]) => isSoundText(key) && isSoundJson(member, isSoundText, depth - 1),
  );
}

/** A JSON object that is not nested deeply, and of which every text, names of members included, can be stored. */
export const storableJson = z
  .custom<Record<string, z.core.util.JSONType>>()
  .refine((value) => isSoundJson(value, isStorable), { error: `${message}, or is nested too deeply`, abort: true })
  .pipe(z.record(z.string(), z.json()));

/** Whether a JSON value is nested no deeper than anything that walks through it can follow. */
export function isShallow(value: unknown): boolean {
  return isSoundJson(value, () => true);
}
