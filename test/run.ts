import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { findTestServer } from '../stack/temporal/find-test-server.ts';

/** `npm test`: the whole suite, or the files whose paths match the arguments. */
const root = fileURLToPath(new URL('..', import.meta.url));

try {
  // Fetched once, here, where its progress can be seen; the suites find it in the cache.
  process.env['TEMPORAL_TEST_SERVER_PATH'] = await findTestServer(process.env);
  const { exitCode } = await execa(
    process.execPath,
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'].concat(
      process.argv.slice(2),
    ),
    { cwd: root, stdio: 'inherit', reject: false },
  );
  process.exitCode = exitCode ?? 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
