import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { PACKAGE_VARIABLE } from '../../stack/directus/environment.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';

/**
 * `npm run test:directus-11`: what rests on Directus, run against the Directus of the package.json beside this file.
 * Arguments are patterns of test files, to run those instead.
 */
const folder = fileURLToPath(new URL('.', import.meta.url));
const root = path.resolve(folder, '../..');
const FILES = ['package.json', 'package-lock.json'];

/** The stack as a whole, and every contract test that starts a Directus. */
const TESTS = [
  'test/stack/main-job',
  'test/stack/exactly-once',
  'test/contract/directus-schema',
  'test/contract/directus-support',
  'test/contract/database-',
  'test/contract/orders-store',
  'test/contract/activities',
  'test/contract/doctor-directus',
];

const [, , ...patterns] = process.argv;
const directusPackage = await installDirectus();
const { exitCode } = await execa(
  process.execPath,
  [path.join(root, 'test/run.ts'), ...(patterns.length > 0 ? patterns : TESTS)],
  { cwd: root, env: { [PACKAGE_VARIABLE]: directusPackage }, stdio: 'inherit', reject: false },
);
process.exitCode = exitCode ?? 1;

/** Installs it beside the other tools of this user, once for each lock file. @returns the folder of the package. */
async function installDirectus(): Promise<string> {
  const lock = await readFile(path.join(folder, 'package-lock.json'));
  const name = `directus-11-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`;
  const place = await cacheTool(name, async (unfinished) => {
    process.stdout.write('Installing Directus 11: once, for a minute or two, and about 1 GB.\n');
    for (const file of FILES) await copyFile(path.join(folder, file), path.join(unfinished, file));
    // Native packages are chosen for the Node that runs npm: the one that will run them comes first in the path.
    const searchPath = [path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
    await execa('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false'], {
      cwd: unfinished,
      env: { PATH: searchPath },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  });
  return path.join(place, 'node_modules', 'directus');
}
