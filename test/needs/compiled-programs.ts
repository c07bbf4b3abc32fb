import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { PROGRAMS_VARIABLE } from '../../stack/program-file.ts';
import { countImporters } from './imported-files.ts';
import type { Preparation } from './imported-files.ts';

/** Compiling the programs takes as long as three starts of a compiled worker save. */
const WORTH_IT_FROM = 3;

/**
 * Compiles our programs as `npm run build` does, if enough of the test files start them. A worker that runs from its
 * sources compiles its workflows at each start.
 *
 * @returns variables for the tests' environment. Empty if too few test files start the programs, or if the sources do
 *   not compile: the tests then run the programs from their sources.
 */
export async function compilePrograms(preparation: Preparation): Promise<Record<string, string>> {
  if (countImporters('stack/program-file.ts', preparation) < WORTH_IT_FROM) return {};
  const { root, folder, progress } = preparation;
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const target = path.join(folder, 'programs');
  const built = await execa(process.execPath, ['scripts/build.ts', target], { cwd: root, all: true, reject: false });
  if (!built.failed) return { [PROGRAMS_VARIABLE]: target };
  progress.say(`The programs are run from their sources, which do not compile:\n${built.all}`);
  return {};
}
