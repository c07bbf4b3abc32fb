import { execa } from 'execa';
import { composeFile, developmentEnvironment } from '../support/compose-project.ts';
import type { RunningEngine } from './podman.ts';

/**
 * Finds Docker with its Compose, and fetches the images of the compose file.
 *
 * @param project the Compose project whose containers are removed at the end.
 * @returns undefined if there is none that runs and reaches a registry.
 */
export async function findDocker(project: string, doing: (what: string) => void): Promise<RunningEngine | undefined> {
  if (!(await works('info', '--format', '{{.ServerVersion}}')) || !(await works('compose', 'version')))
    return undefined;
  const compose = ['compose', '--file', composeFile, '--env-file', developmentEnvironment];
  doing('fetching the images of docker-compose.yml');
  const pull = await execa('docker', [...compose, '--profile', '*', 'pull', '--quiet', '--ignore-buildable'], {
    stdin: 'ignore',
    reject: false,
  });
  if (pull.exitCode !== 0) return undefined;
  return {
    engine: {
      name: 'Docker',
      engine: ['docker'],
      compose: ['docker', 'compose'],
      environment: {},
      hasStandIns: false,
    },
    async stop() {
      const args = [...compose, '--project-name', project, '--profile', '*', 'down', '--volumes', '--timeout', '5'];
      await execa('docker', args, { stdin: 'ignore', reject: false });
    },
  };
}

async function works(...args: string[]): Promise<boolean> {
  const { exitCode, stdout } = await execa('docker', args, { stdin: 'ignore', reject: false });
  return exitCode === 0 && /\d/.test(stdout);
}
