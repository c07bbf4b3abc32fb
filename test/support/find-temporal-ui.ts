import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';

/** Older than the image in docker-compose.yml: a module proxy may hold back modules that newer versions need. */
export const TEMPORAL_UI_VERSION = '2.42.1';
const MODULE = 'github.com/temporalio/ui-server/v2';

/**
 * Finds the server of Temporal's UI, or builds it into the tool cache (needs Go).
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the folder of `ui-server` and of its configuration for containers, `docker.yaml`.
 * @throws Error with one sentence if it cannot be found or built.
 */
export async function findTemporalUi(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const folder = await cacheTool(`temporal-ui-${TEMPORAL_UI_VERSION}`, async (unfinished) => {
    const go = await startGo({ name: "The server of Temporal's UI", folder: unfinished, environment });
    doing('building it from source (once, about 2 minutes, 60 MB)');
    await go('install', '-ldflags=-s -w', `${MODULE}/cmd/server@v${TEMPORAL_UI_VERSION}`);
    await rename(path.join(unfinished, 'bin', 'server'), path.join(unfinished, 'bin', 'ui-server'));
    const downloaded = await go('mod', 'download', '-json', `${MODULE}@v${TEMPORAL_UI_VERSION}`);
    const { Dir: source } = z.object({ Dir: z.string() }).parse(JSON.parse(downloaded));
    await copyFile(path.join(source, 'config/docker.yaml'), path.join(unfinished, 'bin/docker.yaml'));
  });
  return path.join(folder, 'bin');
}
