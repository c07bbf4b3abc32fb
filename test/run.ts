import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { compileCache } from '../stack/child-environment.ts';
import { endWithNpm } from '../stack/npm-script.ts';
import { consoleProgress } from '../stack/progress.ts';
import { compilePrograms } from './needs/compiled-programs.ts';
import { needs } from './needs/needs.ts';
import { prepareDatabases } from './needs/prepared-databases.ts';
import { needsOf, NotPrepared, prepareTests } from './needs/prepare-tests.ts';
import { openSharedFolder } from './support/shared-folder.ts';

/**
 * `npm test`: runs the whole suite, or the files whose paths match the arguments. What those files need is installed
 * here, outside of any test's time limit, and once, so that no two tests install it at the same time.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const [, , ...args] = process.argv;
endWithNpm();

try {
  const { stdout } = await execa(process.execPath, [...jest, '--listTests', ...args], { cwd: root });
  const testFiles = stdout.split('\n').filter((line) => line.endsWith('.test.ts'));
  const progress = consoleProgress();
  const variables = await prepareTests({ needs: needsOf({ root, testFiles, needs }), progress });
  const shared = await openSharedFolder();
  try {
    const options = { root, testFiles, folder: shared.folder, progress };
    const [programs] = await Promise.all([compilePrograms(options), prepareDatabases(options)]);
    const { exitCode } = await execa(process.execPath, [...jest, ...args], {
      cwd: root,
      env: { ...compileCache, ...variables, ...shared.variables, ...programs },
      stdio: 'inherit',
      reject: false,
    });
    process.exitCode = exitCode ?? 1;
  } finally {
    await shared.remove();
  }
} catch (error) {
  if (!(error instanceof NotPrepared)) throw error;
  process.stderr.write(error.message);
  process.exitCode = 1;
}
