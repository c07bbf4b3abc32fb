import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { DIRECTUS_PACKAGE_VARIABLE } from '../../stack/child-environment.ts';
import { endWithNpm } from '../../stack/npm-script.ts';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';

/**
 * `npm run test:directus-11`: runs tests that depend on Directus against the Directus of the package.json beside this
 * file. Arguments are patterns of test files to run instead.
 */
const folder = fileURLToPath(new URL('.', import.meta.url));
const root = path.resolve(folder, '../..');

/** Tests of the stack as a whole, and contract tests that start a Directus. */
const TESTS = [
  'test/stack/main-job',
  'test/stack/exactly-once',
  'test/contract/directus-schema',
  'test/contract/directus-support',
  'test/contract/directus-decisions',
  'test/contract/database-',
  'test/contract/orders-store',
  'test/contract/activities',
  'test/contract/doctor-directus',
];

const [, , ...patterns] = process.argv;
endWithNpm();
const manifest = await readFile(path.join(folder, 'package.json'), 'utf8');
const version = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
const place = await cacheTool(`directus-11-${version}`, async (unfinished) => {
  process.stdout.write('Installing Directus 11: once, for a minute or two, and about 1 GB.\n');
  await writeFile(path.join(unfinished, 'package.json'), manifest);
  // npm chooses native packages for the Node that runs it. So the Node that will run Directus comes first in the path.
  const searchPath = [path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
  await execa('npm', ['install', '--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: unfinished,
    env: { PATH: searchPath },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
});
const directusPackage = path.join(place, 'node_modules', 'directus');
const { exitCode } = await execa(
  process.execPath,
  [path.join(root, 'test/run.ts'), ...(patterns.length > 0 ? patterns : TESTS)],
  { cwd: root, env: { [DIRECTUS_PACKAGE_VARIABLE]: directusPackage }, stdio: 'inherit', reject: false },
);
process.exitCode = exitCode ?? 1;
