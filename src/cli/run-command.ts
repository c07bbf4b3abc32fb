import { UsageError } from './parse-options.ts';

const REFUSED = 1;
const WRONG_USAGE = 2;

/**
 * Carries out a command and prints the lines that it gives, or why not.
 *
 * @param options.program as after `npm run`.
 * @param options.expected errors whose message is a sentence for a person; others are faults of ours, and thrown.
 * @returns exit code.
 */
export async function runCommand(options: {
  program: string;
  carryOut: () => Promise<string[]>;
  expected: readonly (new (...args: never[]) => Error)[];
}): Promise<number> {
  const { program, carryOut, expected } = options;
  try {
    const lines = await carryOut();
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n"npm run ${program} -- --help" tells more.\n`);
      return WRONG_USAGE;
    }
    if (!(error instanceof Error) || !expected.some((kind) => error instanceof kind)) throw error;
    process.stderr.write(`${error.message}\n`);
    return REFUSED;
  }
}
