import { execa } from 'execa';
import { composeFile, developmentEnvironment } from '../support/compose-project.ts';
import { baseImage } from './base-image.ts';
import type { RunningEngine } from './podman.ts';

/** What Docker says about a registry that it cannot reach. */
const UNREACHED = /dial tcp|proxyconnect|Client\.Timeout|TLS handshake timeout|context deadline exceeded/;
/** What Docker says about an image that does not exist. */
const MISSING = /manifest unknown|not found|does not exist|access denied/;

/**
 * Finds Docker with its Compose, and fetches the images of the compose file and of the Dockerfile.
 *
 * @param options.project the Compose project whose containers are removed at the end.
 * @param options.complain called with what Docker says if an image cannot be fetched.
 * @returns undefined if no Docker runs here, or if it does not reach a registry.
 * @throws Error if an image cannot be fetched for another reason, for example because the registry does not have it.
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
  // BuildKit does not store the base image as an image of Docker, and the tests ask for its size.
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
