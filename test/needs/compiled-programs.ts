import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { PROGRAMS_VARIABLE } from '../../stack/program-file.ts';
import { countImporters } from './imported-files.ts';
import type { Preparation } from './imported-files.ts';

/** A compilation costs as much as three starts of a worker save. */
const WORTH_IT_FROM = 3;

/**
 * Compiles our programs as `npm run build` does, if so many of the test files start them that it is worth it: a worker
 * would compile its workflows at each start.
 *
 * @returns variables for the tests' environment. None where it is not worth it, or the sources do not compile: then the
 *   programs are run from their sources.
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
