import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Folder into which `npm run build` has compiled the programs, if those are to be run: with their workflows compiled, they
 * start in a third of the time.
 */
export const PROGRAMS_VARIABLE = 'STACK_PROGRAMS';

/** Options of Node with which a worker runs as in the image. */
export function withoutCallStacks(): string[] {
  return ['--import', programFile('src/worker/without-call-stacks.ts')];
}

/** The file to run a program of ours by. @param source its file from the project's root. */
export function programFile(source: string): string {
  const compiled = process.env[PROGRAMS_VARIABLE];
  return compiled === undefined ? path.join(root, source) : path.join(compiled, source.replace(/\.ts$/, '.js'));
}
