import { createInterface } from 'node:readline/promises';
import { CommandError } from './command.ts';

/** Asks the person at the terminal. @throws {CommandError} nobody typed yes. Its message begins with `otherwise`. */
export async function confirm(question: string, otherwise: string): Promise<void> {
  if (!process.stdin.isTTY) throw new CommandError(`${otherwise} Check the output above, then add --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${question} Type yes: `);
    if (answer.trim().toLowerCase() !== 'yes') throw new CommandError(otherwise);
  } finally {
    terminal.close();
  }
}
