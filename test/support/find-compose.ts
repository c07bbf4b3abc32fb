import path from 'node:path';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';

const COMPOSE_VERSION = '2.40.3';
const MODULE = 'github.com/docker/compose/v2';

/**
 * Finds Docker Compose, or builds it into the tool cache (needs Go).
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the path of a program that takes the arguments of `docker compose`.
 * @throws Error with one sentence if it cannot be found or built.
 */
export async function findCompose(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const folder = await cacheTool(`compose-${COMPOSE_VERSION}`, async (unfinished) => {
    const go = await startGo({ name: 'Docker Compose', folder: unfinished, environment });
    doing('building it from source (once, about 5 minutes, 70 MB)');
    await go('mod', 'init', 'tools');
    await go('get', `${MODULE}/cmd@v${COMPOSE_VERSION}`);
    await go(
      'build',
      `-ldflags=-s -w -X ${MODULE}/internal.Version=v${COMPOSE_VERSION}`,
      '-o',
      'docker-compose',
      `${MODULE}/cmd`,
    );
  });
  return path.join(folder, 'docker-compose');
}
