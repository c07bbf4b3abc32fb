import { makePreparedDirectus } from '../support/prepared-directus.ts';
import { makeStackData } from '../support/running-stack.ts';
import { countImporters } from './imported-files.ts';
import type { Preparation } from './imported-files.ts';

/** To make a database costs as much as three copies save. */
const WORTH_IT_FROM = 4;

const templates = [
  { module: 'test/support/prepared-directus.ts', make: makePreparedDirectus },
  { module: 'test/support/running-stack.ts', make: makeStackData },
];

/**
 * Makes the databases that test files start Directus with, if so many of them do that it is worth it: each file copies
 * one instead of making it. What is not made here, each test file makes for itself.
 */
export async function prepareDatabases(preparation: Preparation): Promise<void> {
  const needed = templates.filter(({ module }) => countImporters(module, preparation) >= WORTH_IT_FROM);
  const results = await Promise.allSettled(needed.map(({ make }) => make(preparation.folder)));
  for (const { reason } of results.filter((result) => result.status === 'rejected')) {
    preparation.progress.say(`Each test file makes its own database: ${String(reason)}`);
  }
}
