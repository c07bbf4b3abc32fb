import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { sharedFolder } from './shared-folder.ts';

/** The databases that are prepared once for a run of tests: one with our schema alone, one filled as by `npm start`. */
export type TemplateName = 'prepared-directus' | 'stack-data';

/** This file is written last. A template without it is incomplete. */
const NOTE = 'template.json';

/** Keeps files of a data folder whose programs have ended. @param options.note {@link copyTemplate} returns it. */
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
 * @returns the template's note; undefined if this run of tests has no such template: then nothing is copied.
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

/** Keeps owners and permissions: PostgreSQL's data folder belongs to a user of its own. */
async function copyFiles(from: string, to: string, files: string[]): Promise<void> {
  await execa('cp', ['-pR', ...files.map((file) => path.join(from, file)), to]);
}
