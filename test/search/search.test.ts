import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { search } from './search.ts';
import { tellSearch } from './tell-search.ts';

const RUNS = 300;

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
}, 360_000);
afterAll(() => engine?.stop());

it(`holds every rule in ${RUNS} random schedules, which reach what they are to reach`, async () => {
  const seed = Number(process.env['SEARCH_SEED'] ?? Math.floor(Math.random() * 1_000_000_000));

  const result = await search(engine, { runs: RUNS, seed });

  // The seed and the smallest schedule are in the text.
  expect(result.violations.length === 0 ? [] : tellSearch(result)).toEqual([]);
  for (const action of ['checkout', 'cancel by update', 'cancel by temporal', 'decide', 'terminate', 'reset']) {
    expect([...result.coverage.keys()].some((pair) => pair.startsWith(action))).toBe(true);
  }
  const stages = ['VALIDATING', 'CREATING_RIDENDINE_ORDER', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED', 'CANCELLED'];
  for (const stage of stages) {
    expect([...result.coverage.keys()].filter((pair) => pair.includes(`| ${stage}`))).not.toEqual([]);
  }
}, 900_000);
