import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { benchResultSchema } from './result.ts';
import type { BenchPart, BenchResult } from './result.ts';

/** The result that docs/performance.md and docs/operations.md show, and that `npm run capacity` counts with. */
export const measuredFile = fileURLToPath(new URL('measured.json', import.meta.url));

/** @throws Error with one sentence if the text is no result of `npm run bench`. */
export function readBenchResult(text: string): BenchResult {
  const parsed = benchResultSchema.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  throw new Error(`This is no result of npm run bench: ${z.prettifyError(parsed.error).split('\n').join(' ')}`);
}

/** Whether that is a result of the part. */
export function isMeasured(part: BenchPart, result: unknown): boolean {
  return benchResultSchema.shape[part].safeParse(result).success;
}

/** @throws Error with one sentence if the text is no JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('This is no result of npm run bench: it is no JSON.');
  }
}
