import { describe, expect, it } from '@jest/globals';
import { draw, shrink } from '../search/search.ts';
import type { Schedule } from '../search/schedule.ts';

const abandons = ({ actions }: Schedule) => actions.some((one) => one.do === 'decide' && one.decision === 'abandon');

/** Stands for a product that breaks a rule whenever an operator abandons an order. */
async function run(schedule: Schedule) {
  return { broken: abandons(schedule) ? ['A rule.'] : [], story: [] };
}

/** Seeds whose schedules contain the decision `abandon`, some of each kind of schedule that can be drawn. */
const seeds = Array.from({ length: 100 }, (_none, number) => number).filter((one) => abandons(draw(one)));
const [first = 0] = seeds;

describe('a violation', () => {
  it('is drawn again by its seed', () => {
    expect(draw(first)).toEqual(draw(first));
  });

  it.each(seeds)('is made as small as it gets, seed %i', async (seed) => {
    const found = { seed, schedule: draw(seed), broken: ['A rule.'], story: [] };

    const { schedule } = await shrink(found, run);

    expect(schedule).toMatchObject({
      directus: { read: [], insert: [], update: [], later: 'ok' },
      partner: { first: [], later: 'ok' },
    });
    // The checkout, the decision, and what may be drawn together with the decision: a wait, and ids written by hand.
    expect(schedule.actions.length).toBeLessThanOrEqual(4);
    expect(abandons(schedule)).toBe(true);
  });

  it('stays one of the same rule', async () => {
    const found = { seed: first, schedule: draw(first), broken: ['Key 0: a rule.'], story: [] };

    const { broken, schedule } = await shrink(found, async (smaller) => ({
      broken: [abandons(smaller) ? 'Key 1: a rule.' : 'Key 0: another rule.'],
      story: [],
    }));

    expect(broken).toEqual(['Key 1: a rule.']);
    expect(abandons(schedule)).toBe(true);
  });
});
