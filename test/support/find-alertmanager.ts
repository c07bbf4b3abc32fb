import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheTool } from '../../stack/temporal/tool-cache.ts';
import { startGo } from './go-program.ts';

/** The version of the image `prom/alertmanager` in docker-compose.yml. */
export const ALERTMANAGER_VERSION = '0.35.0';
const MODULE = 'github.com/prometheus/alertmanager';

/**
 * Finds Alertmanager, or builds it into the tool cache (needs Go). This Alertmanager has no web pages, since its Go
 * module does not contain them.
 *
 * @param doing is called before a slow step, with a description of it.
 * @returns the folder of the program.
 * @throws Error with one sentence if it cannot be found or built.
 */
export async function findAlertmanager(
  environment: Record<string, string | undefined>,
  doing: (what: string) => void = () => {},
): Promise<string> {
  const folder = await cacheTool(`alertmanager-${ALERTMANAGER_VERSION}`, async (unfinished) => {
    const go = await startGo({ name: 'Alertmanager', folder: unfinished, environment });
    doing('building it from source (once, about 2 minutes, 50 MB)');
    const source = path.join(unfinished, 'source');
    await go('mod', 'init', 'tools');
    const downloaded = await go('mod', 'download', '-json', `${MODULE}@v${ALERTMANAGER_VERSION}`);
    await cp(z.object({ Dir: z.string() }).parse(JSON.parse(downloaded)).Dir, source, { recursive: true });
    // Go keeps its copy read-only.
    for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) await chmod(path.join(entry.parentPath, entry.name), 0o755);
    }
    await chmod(source, 0o755);
    const pages = path.join(source, 'ui/app/dist');
    await mkdir(pages, { recursive: true });
    await writeFile(path.join(pages, 'index.html'), 'This program was built without its pages.\n');
    await go('mod', 'edit', '-replace', `${MODULE}=./source`);
    await go('get', `${MODULE}/cmd/alertmanager`);
    await go('install', '-ldflags=-s -w', `${MODULE}/cmd/alertmanager`);
    await rm(source, { recursive: true });
  });
  return path.join(folder, 'bin');
}
