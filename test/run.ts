import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { consoleProgress } from '../stack/progress.ts';
import { findTemporalCli } from '../stack/temporal/find-cli.ts';
import { findTestServer } from '../stack/temporal/find-test-server.ts';
import { openSupervisedFolder } from './support/supervised-folder.ts';

/**
 * `npm test`: the whole suite, or the files whose paths match the arguments. Temporal's servers are fetched or built here,
 * once, where no test's time-out runs and no two tests build them at a time.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

try {
  process.env['TEMPORAL_TEST_SERVER_PATH'] = await findTestServer(process.env);
  process.env['TEMPORAL_CLI_PATH'] = await temporalCli();
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

async function temporalCli(): Promise<string> {
  const { supervisor, stop } = await openSupervisedFolder('temporal-cli');
  const progress = consoleProgress();
  try {
    return await findTemporalCli({
      environment: process.env,
      spawn: supervisor.spawn.bind(supervisor),
      doing: (what) => progress.say(what),
    });
  } finally {
    await stop();
  }
}
