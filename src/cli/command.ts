import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { SettingsError } from '../config/environment.ts';
import { TemporalAccessError } from '../temporal/temporal-access.ts';

const REFUSED = 1;
const WRONG_USAGE = 2;

/** A command that cannot be understood, or lacks something. `message` says what. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Why a command could not be carried out. `message` is a sentence that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Parses the arguments that were typed. @throws {UsageError} an option is unknown, or lacks its value. */
export function parseOptions<Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/**
 * Runs a command-line program and sets the exit code: 1 if it was refused or failed, 2 if it was called wrongly.
 *
 * @param options.program its name after `npm run`.
 * @param options.usage what is printed if `parse` sees that help is wanted.
 * @param options.carryOut returns lines that are still to be printed, or `failed` if it has printed what is wrong.
 * @param options.expected errors whose message is a sentence for a person, beside those about settings and Temporal.
 *   Any other error is a bug, and is thrown.
 */
export async function runCommand<Command extends object>(options: {
  program: string;
  usage?: string;
  parse: (args: string[]) => Command | 'help';
  carryOut: (command: Command) => Promise<string[] | 'failed' | void>;
  expected?: readonly (abstract new (...args: never[]) => Error)[];
}): Promise<void> {
  const { program, usage = '', parse, carryOut, expected = [] } = options;
  try {
    const command = parse(process.argv.slice(2));
    const said = command === 'help' ? [usage] : await carryOut(command);
    if (said === 'failed') process.exitCode = REFUSED;
    else print(...(said ?? []));
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n"npm run ${program} -- --help" tells more.\n`);
      process.exitCode = WRONG_USAGE;
      return;
    }
    const known = [CommandError, SettingsError, TemporalAccessError, ...expected];
    if (!(error instanceof Error) || !known.some((kind) => error instanceof kind)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = REFUSED;
  }
}

/** Rows as lines for a terminal, each column as wide as its widest cell. */
export function textTable(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The system's code of an error, such as ENOENT. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
}
