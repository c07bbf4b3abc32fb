import { describe, expect, it } from '@jest/globals';
import { draw, shrink } from '../search/search.ts';
import type { Schedule } from '../search/schedule.ts';

const abandons = ({ actions }: Schedule) => actions.some((one) => one.do === 'decide' && one.decision === 'abandon');

/** What a search would say of a product that breaks a rule whenever somebody abandons an order. */
async function run(schedule: Schedule) {
  return { broken: abandons(schedule) ? ['A rule.'] : [], story: [] };
}

const seed = Array.from({ length: 1000 }, (_none, number) => number).find((one) => abandons(draw(one))) ?? 0;

describe('a violation', () => {
  it('is drawn again by its seed', () => {
    expect(draw(seed)).toEqual(draw(seed));
  });

  it('is made as small as it gets', async () => {
    const found = { seed, schedule: draw(seed), broken: ['A rule.'], story: [] };

    const { schedule } = await shrink(found, run);

    expect(schedule).toMatchObject({
      directus: { read: [], insert: [], update: [], later: 'ok' },
      partner: { first: [], later: 'ok' },
    });
    // The checkout, and the wait that belongs to a decision at most.
    expect(schedule.actions.length).toBeLessThanOrEqual(3);
    expect(abandons(schedule)).toBe(true);
  });

  it('stays one of the same rule', async () => {
    const found = { seed, schedule: draw(seed), broken: ['Key 0: a rule.'], story: [] };

    const { broken, schedule } = await shrink(found, async (smaller) => ({
      broken: [abandons(smaller) ? 'Key 1: a rule.' : 'Key 0: another rule.'],
      story: [],
    }));

    expect(broken).toEqual(['Key 1: a rule.']);
    expect(abandons(schedule)).toBe(true);
  });
});
