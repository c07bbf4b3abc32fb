import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';

const source = fileURLToPath(new URL('../compose', import.meta.url));
const FILES = ['main.go', 'go.mod', 'go.sum'];

/**
 * Finds the program of `test/compose`, or builds it into the tool cache (needs Go). The program runs the loader of the
 * Compose specification.
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the path of the program.
 * @throws Error with one sentence if it cannot be found or built.
 */
export async function findComposeLoader(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(await readFile(path.join(source, file)));
  const name = `compose-loader-${hash.digest('hex').slice(0, 12)}`;
  const folder = await cacheTool(name, async (unfinished) => {
    const go = await startGo({ name: 'The loader of Compose files', folder: unfinished, environment });
    doing('building it (once, about 10 seconds)');
    for (const file of FILES) await copyFile(path.join(source, file), path.join(unfinished, file));
    await go('build', '-o', 'loader', '.');
  });
  return path.join(folder, 'loader');
}
