import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Folder with the programs that `npm run build` has compiled. If it is set, these programs run instead of the sources:
 * with compiled workflows, they start in a third of the time.
 */
export const PROGRAMS_VARIABLE = 'STACK_PROGRAMS';

/** Options of Node that make a worker run without call stacks, as in the image. */
export function withoutCallStacks(): string[] {
  return ['--import', programFile('src/worker/without-call-stacks.ts')];
}

/** The file that runs one of our programs. @param source its source file, relative to the project's root. */
export function programFile(source: string): string {
  const compiled = process.env[PROGRAMS_VARIABLE];
  return compiled === undefined ? path.join(root, source) : path.join(compiled, source.replace(/\.ts$/, '.js'));
}
