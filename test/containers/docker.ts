import { execa } from 'execa';
import { composeFile, developmentEnvironment } from '../support/compose-project.ts';
import { baseImage } from './base-image.ts';
import type { RunningEngine } from './podman.ts';

/** What Docker says of a registry that it does not reach. */
const UNREACHED = /dial tcp|proxyconnect|Client\.Timeout|TLS handshake timeout|context deadline exceeded/;
/** And of an image that is not there. */
const MISSING = /manifest unknown|not found|does not exist|access denied/;

/**
 * Finds Docker with its Compose, and fetches the images of the compose file and of the Dockerfile.
 *
 * @param options.project the Compose project whose containers are removed at the end.
 * @param options.complain is told what Docker says if they cannot be fetched.
 * @returns undefined if there is none that runs and reaches a registry.
 * @throws Error if the registry does not have an image.
 */
export async function findDocker(options: {
  project: string;
  doing: (what: string) => void;
  complain: (text: string) => void;
}): Promise<RunningEngine | undefined> {
  const { project, doing, complain } = options;
  if (!(await works('info', '--format', '{{.ServerVersion}}')) || !(await works('compose', 'version')))
    return undefined;
  const compose = ['compose', '--file', composeFile, '--env-file', developmentEnvironment];
  doing('fetching the images of docker-compose.yml');
  // BuildKit keeps the base image to itself, and here its size is asked for.
  const base = ['pull', '--quiet', await baseImage()];
  for (const args of [[...compose, '--profile', '*', 'pull', '--quiet', '--ignore-buildable'], base]) {
    const { exitCode, stderr, shortMessage } = await execa('docker', args, { stdin: 'ignore', reject: false });
    if (exitCode === 0) continue;
    complain(stderr);
    if (UNREACHED.test(stderr) && !MISSING.test(stderr)) return undefined;
    throw new Error(`The images of docker-compose.yml and Dockerfile are not all to be had. ${shortMessage}`);
  }
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
