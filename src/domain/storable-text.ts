import { z } from 'zod';
import { isStorable } from './storable.ts';

const message = 'contains a character that can not be stored';

export const storableText = z.string().refine(isStorable, message);

function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, member]) => isStorable(key) && isStorableJson(member));
}

/** A JSON object of which every text, names of members included, can be stored. */
export const storableJson = z.record(z.string(), z.json()).refine(isStorableJson, message);
