import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { PACKAGE_VARIABLE } from '../../stack/directus/environment.ts';
import { installLockedPackages } from '../support/locked-packages.ts';

/**
 * `npm run test:directus-11`: what rests on Directus, run against the Directus of the package.json beside this file.
 * Arguments are patterns of test files, to run those instead.
 */
const folder = fileURLToPath(new URL('.', import.meta.url));
const root = path.resolve(folder, '../..');

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
const packages = await installLockedPackages({
  name: 'directus-11',
  folder,
  notice: 'Installing Directus 11: once, for a minute or two, and about 1 GB.',
  withScripts: true,
});
const directusPackage = path.join(packages, 'directus');
const { exitCode } = await execa(
  process.execPath,
  [path.join(root, 'test/run.ts'), ...(patterns.length > 0 ? patterns : TESTS)],
  { cwd: root, env: { [PACKAGE_VARIABLE]: directusPackage }, stdio: 'inherit', reject: false },
);
process.exitCode = exitCode ?? 1;
