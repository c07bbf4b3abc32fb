import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { sharedFolder } from './shared-folder.ts';

/** The databases that are prepared once for a run of tests: with our schema alone, and as `npm start` fills its own. */
export type TemplateName = 'prepared-directus' | 'stack-data';

/** Written last: without it the template is half made. */
const NOTE = 'template.json';

/** Keeps files of a data folder whose programs have ended. @param options.note what {@link copyTemplate} gives back. */
export async function keepTemplate(
  name: TemplateName,
  { shared, dataDir, files, note }: { shared: string; dataDir: string; files: string[]; note: unknown },
): Promise<void> {
  const template = path.join(shared, name);
  await mkdir(template);
  await copyFiles(dataDir, template, files);
  await writeFile(path.join(template, NOTE), JSON.stringify({ files, note }), { mode: 0o600 });
}

/**
 * Fills a data folder from a template.
 *
 * @returns its note; undefined if this run of tests has no such template, and nothing was copied.
 */
export async function copyTemplate(name: TemplateName, dataDir: string): Promise<{ note: unknown } | undefined> {
  const shared = sharedFolder();
  if (shared === undefined || !existsSync(path.join(shared, name, NOTE))) return undefined;
  const template = path.join(shared, name);
  const { files, note } = JSON.parse(await readFile(path.join(template, NOTE), 'utf8')) as {
    files: string[];
    note: unknown;
  };
  await copyFiles(template, dataDir, files);
  return { note };
}

/** With owners and permissions: PostgreSQL's data folder belongs to its own user. */
async function copyFiles(from: string, to: string, files: string[]): Promise<void> {
  await execa('cp', ['-pR', ...files.map((file) => path.join(from, file)), to]);
}
