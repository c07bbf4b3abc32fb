import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';

const FILES = ['package.json', 'package-lock.json'];

/**
 * Installs the packages of a lock file into the tool cache, once for each lock file, without running their scripts.
 * These packages are for tests only, so the project's `npm ci` does not install them.
 *
 * @param options.notice a line to print before the installation, since it takes time.
 * @returns the folder `node_modules`.
 */
export async function installLockedPackages(options: {
  name: string;
  folder: string;
  notice: string;
}): Promise<string> {
  const { name, folder, notice } = options;
  const lock = await readFile(path.join(folder, 'package-lock.json'));
  const version = createHash('sha256').update(lock).digest('hex').slice(0, 12);
  const place = await cacheTool(`${name}-${version}`, async (unfinished) => {
    process.stdout.write(`${notice}\n`);
    for (const file of FILES) await copyFile(path.join(folder, file), path.join(unfinished, file));
    await execa('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'], {
      cwd: unfinished,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  });
  return path.join(place, 'node_modules');
}
