import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';
import type { RunGo } from './go-program.ts';

/** The version of the image `temporalio/server` in docker-compose.yml. */
export const TEMPORAL_SERVER_VERSION = '1.32.2';
const MODULE = 'go.temporal.io/server';
const VERSION = `v${TEMPORAL_SERVER_VERSION}`;

/** The parts of the images `temporalio/server` and `temporalio/admin-tools` that the tests use. */
export interface TemporalServer {
  /** The folder of `temporal-server` and `temporal-sql-tool`. */
  binFolder: string;
  /** The folder that is `/etc/temporal/schema` in the images. */
  schemaFolder: string;
}

/**
 * Finds the production server of Temporal, or builds it into the tool cache (needs Go).
 *
 * @param doing is called before a slow step, with a description of it.
 * @throws Error with one sentence if it cannot be found or built.
 */
export async function findTemporalServer(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<TemporalServer> {
  const folder = await cacheTool(`temporal-server-${TEMPORAL_SERVER_VERSION}`, async (unfinished) => {
    const go = await startGo({ name: "Temporal's server", folder: unfinished, environment });
    doing('building it from source (once, about 4 minutes, 300 MB)');
    await build(unfinished, go);
  });
  return { binFolder: path.join(folder, 'bin'), schemaFolder: path.join(folder, 'schema') };
}

async function build(folder: string, go: RunGo): Promise<void> {
  await go('install', `${MODULE}/cmd/server@${VERSION}`, `${MODULE}/cmd/tools/sql@${VERSION}`);
  await rename(path.join(folder, 'bin', 'server'), path.join(folder, 'bin', 'temporal-server'));
  await rename(path.join(folder, 'bin', 'sql'), path.join(folder, 'bin', 'temporal-sql-tool'));

  const downloaded = await go('mod', 'download', '-json', `${MODULE}@${VERSION}`);
  const { Dir: source } = z.object({ Dir: z.string() }).parse(JSON.parse(downloaded));
  await copyFiles(path.join(source, 'schema/postgresql/v12'), path.join(folder, 'schema/postgresql/v12'));
}

/** Copies file by file into new folders. Go's folders are read-only, and a read-only copy could not be removed. */
async function copyFiles(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const folder = path.join(to, path.relative(from, entry.parentPath));
    await mkdir(folder, { recursive: true });
    await copyFile(path.join(entry.parentPath, entry.name), path.join(folder, entry.name));
  }
}
