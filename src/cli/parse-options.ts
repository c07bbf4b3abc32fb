import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';

/** A command that can't be understood, or lacks something. `message` says what. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was typed, taken apart. @throws {UsageError} it has an option that there is not, or one without its value. */
export function parseOptions<Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
