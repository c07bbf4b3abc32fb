import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { search } from './search.ts';
import { tellSearch } from './tell-search.ts';

const RUNS = 300;

/**
 * Pairs of an action and a stage or end of the run that a search must reach. 300 schedules reach the rarest pair seven
 * times or more on average.
 */
const aimedAt = [
  /^checkout \| COMPLETED/,
  /^checkout \| FAILED/,
  /^checkout \| CANCELLED/,
  /^cancel by update \| VALIDATING/,
  /^cancel by update \| CREATING_RIDENDINE_ORDER/,
  /^cancel by temporal \| CREATING_RIDENDINE_ORDER/,
  /^decide retry.* \| NEEDS_REVIEW/,
  /^decide abandon.* \| NEEDS_REVIEW/,
  /^decide link.* \| NEEDS_REVIEW/,
  /^(terminate|pauseActivity|resetActivity) \| CREATING_RIDENDINE_ORDER/,
  /^deleteRun \| COMPLETED/,
  /^reset to its .* \| COMPLETED/,
];

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
}, 360_000);
afterAll(() => engine?.stop());

it(`holds every rule in ${RUNS} random schedules, and reaches each kind of action and stage`, async () => {
  const seed = Math.floor(Math.random() * 1_000_000_000);

  const result = await search(engine, { runs: RUNS, seed });

  // The seed and the smallest schedule are in the text.
  expect(result.violations.length === 0 ? [] : tellSearch(result)).toEqual([]);
  const reached = [...result.coverage.keys()];
  expect(aimedAt.filter((pair) => !reached.some((each) => pair.test(each)))).toEqual([]);
}, 900_000);
