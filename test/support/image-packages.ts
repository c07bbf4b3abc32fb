import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../', import.meta.url));
const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/**
 * Makes `folder/node_modules` as it is in the image: the packages of production, without the files that
 * `scripts/prune-packages.mjs` removes. The packages come from the repository's `node_modules`.
 */
export async function makeImagePackages(folder: string): Promise<void> {
  await copyProductionPackages(folder);
  await execa(process.execPath, [path.join(root, 'scripts/prune-packages.mjs'), folder]);
}

/** Makes what `npm ci --omit=dev` installs. Files are hard links: they may be removed, but must never be written to. */
export async function copyProductionPackages(folder: string): Promise<void> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')));
  for (const [name, { dev }] of Object.entries(packages)) {
    if (name !== '' && !dev && (await exists(path.join(root, name)))) {
      await linkFolder(path.join(root, name), path.join(folder, name));
    }
  }
}

async function linkFolder(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [path.join(source, entry.name), path.join(target, entry.name)];
    if (entry.isFile()) await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
    // Nested packages have entries of their own in the lock file.
    else if (entry.isDirectory() && entry.name !== 'node_modules') await linkFolder(from, to);
  }
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
