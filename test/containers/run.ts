import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { endWithNpm } from '../../stack/npm-script.ts';
import { consoleProgress } from '../../stack/progress.ts';
import { prepareTests } from '../needs/prepare-tests.ts';
import type { Need } from '../needs/needs.ts';
import { findCompose } from '../support/find-compose.ts';
import { findDocker } from './docker.ts';
import { engineVariables } from './engine.ts';
import { makeStandIns } from './images.ts';
import { loadServices, PROJECT } from './installation.ts';
import { startPodman } from './podman.ts';
import type { RunningEngine } from './podman.ts';

/**
 * `npm run test:containers [-- --write]`: tests docker-compose.yml in containers. `--write` writes the figures to
 * docs/reliability.md. Uses Docker if it runs here and reaches a registry. Otherwise uses podman, as root, with
 * stand-ins for third-party images.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const progress = consoleProgress();
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
endWithNpm();

let running: RunningEngine | undefined;
try {
  const complain = progress.complain.bind(progress);
  running =
    (await progress.step('Docker', async (doing) => findDocker({ project: PROJECT, doing, complain }))) ??
    (await podmanWithStandIns());
  ending.signal.throwIfAborted();
  const { exitCode } = await execa(
    process.execPath,
    // jest.config.ts excludes these tests from the whole suite. This pattern replaces that exclusion.
    ['test/run.ts', 'test/containers', '--testPathIgnorePatterns', '/node_modules/'],
    {
      cwd: root,
      env: { ...engineVariables(running.engine), CONTAINERS_WRITE: values.write ? '1' : '' },
      stdio: 'inherit',
      reject: false,
      cancelSignal: ending.signal,
    },
  );
  process.exitCode = exitCode ?? 1;
} catch (error) {
  process.exitCode = 1;
  if (!ending.signal.aborted) progress.complain(error instanceof Error ? error.message : String(error));
} finally {
  if (running !== undefined) await progress.step('Removing it all', async () => running?.stop());
}

async function podmanWithStandIns(): Promise<RunningEngine> {
  const need: Need = {
    name: 'Docker Compose',
    module: 'test/support/find-compose.ts',
    programs: ['podman', 'debootstrap', 'go'],
    get: async (environment, doing) => {
      await findCompose(environment, doing);
      return undefined;
    },
  };
  await prepareTests({ needs: [need], progress });
  const podman = await startPodman(await findCompose(process.env));
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'containers-'));
    const project = await loadServices(folder);
    await rm(folder, { recursive: true });
    await progress.step('Images', (doing) => makeStandIns(podman.engine, project, doing));
    return podman;
  } catch (error) {
    await podman.stop();
    throw error;
  }
}
