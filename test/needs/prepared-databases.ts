import { makePreparedDirectus } from '../support/prepared-directus.ts';
import { makeStackData } from '../support/running-stack.ts';
import { countImporters } from './imported-files.ts';
import type { Preparation } from './imported-files.ts';

/** Making a database takes as long as three copies of it save. */
const WORTH_IT_FROM = 4;

const templates = [
  { module: 'test/support/prepared-directus.ts', make: makePreparedDirectus },
  { module: 'test/support/running-stack.ts', make: makeStackData },
];

/**
 * Makes the databases that test files start Directus with, if enough of the files need one. Each test file then copies
 * the database instead of making it. If a database is not made here, each test file makes its own.
 */
export async function prepareDatabases(preparation: Preparation): Promise<void> {
  const needed = templates.filter(({ module }) => countImporters(module, preparation) >= WORTH_IT_FROM);
  const results = await Promise.allSettled(needed.map(({ make }) => make(preparation.folder)));
  for (const { reason } of results.filter((result) => result.status === 'rejected')) {
    preparation.progress.say(`Each test file makes its own database: ${String(reason)}`);
  }
}
