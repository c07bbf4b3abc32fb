import path from 'node:path';
import type { Progress } from '../../stack/progress.ts';
import { makePreparedDirectus } from '../support/prepared-directus.ts';
import { makeStackData } from '../support/running-stack.ts';
import { importedFiles } from './imported-files.ts';

/** To make a database costs as much as three copies save. */
const WORTH_IT_FROM = 4;

const templates = [
  { module: 'test/support/prepared-directus.ts', make: makePreparedDirectus },
  { module: 'test/support/running-stack.ts', make: makeStackData },
];

/**
 * Makes the databases that test files start Directus with, if so many of them do that it is worth it: each file copies
 * one instead of making it.
 *
 * @param options.folder is filled. What is not made there, each test file makes for itself.
 */
export async function prepareDatabases({
  root,
  testFiles,
  folder,
  progress,
}: {
  root: string;
  testFiles: string[];
  folder: string;
  progress: Pick<Progress, 'say'>;
}): Promise<void> {
  const reached = testFiles.map((file) => importedFiles(file, () => true));
  const needed = templates.filter(
    ({ module }) => reached.filter((files) => files.has(path.join(root, module))).length >= WORTH_IT_FROM,
  );
  const results = await Promise.allSettled(needed.map(({ make }) => make(folder)));
  for (const result of results) {
    if (result.status === 'rejected') progress.say(`Each test file makes its own database: ${String(result.reason)}`);
  }
}
