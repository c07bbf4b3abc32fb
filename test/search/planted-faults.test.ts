import { expect, it } from '@jest/globals';
import { plantedFaults, searchWithFault } from './planted-faults.ts';

/** Faults that the first schedules find, each by another rule. All faults: npm run search -- --planted --runs 2000. */
const quick = new Set(['each attempt sends a body of its own', 'an order that has ended keeps its quote']);

it.each(plantedFaults.filter(({ name }) => quick.has(name)))(
  'a search finds the planted fault "$name"',
  async (fault) => {
    expect(await searchWithFault(fault, { runs: 24, seed: 1 })).toMatchObject({ found: true });
  },
  600_000,
);
