import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { beginStory } from '../../src/workflows/story.ts';
import type { Story } from '../../src/workflows/story.ts';

/** The cells of each row below the table's heading. */
function rowsOf(story: Story): string[][] {
  const [, , ...rows] = story.table().split('\n');
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

beforeEach(() => {
  jest.useFakeTimers({ now: new Date('2026-01-01T10:00:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the story of a run', () => {
  it('has all four steps, in their order, before any has begun', () => {
    expect(rowsOf(beginStory(() => {}))).toEqual([
      ['Check the checkout', '', '', '', ''],
      ['Write the order to Directus', '', '', '', ''],
      ['Ask RideNDine to create it', '', '', '', ''],
      ["Save RideNDine's ids", '', '', '', ''],
    ]);
  });

  it('tells of a step since when it is under way, and then how long it took, how often it was tried and that it is done', async () => {
    const seen: string[][] = [];
    const story = beginStory(() => seen.push(rowsOf(story)[0] ?? []));

    const output = await story.tell('validateCheckout', async () => {
      jest.advanceTimersByTime(4000);
      return { kind: 'new', attempts: 3 };
    });

    expect(output).toEqual({ kind: 'new' });
    expect(seen).toEqual([
      ['Check the checkout', '2026-01-01 10:00:00', '', '', 'Under way.'],
      ['Check the checkout', '2026-01-01 10:00:00', '4 s', '3', 'The checkout follows the rules.'],
    ]);
  });

  it('counts the first attempt, after which the step has begun anew', async () => {
    const story = beginStory(() => {});

    await story.tell('saveLinkIds', async (afterAttempt) => {
      afterAttempt();
      return { attempts: 2 };
    });

    expect(rowsOf(story)[3]?.[3]).toBe('3');
  });

  it('tells why a step failed, and below the table the words of RideNDine as they were written', async () => {
    const story = beginStory(() => {});
    const refusal = ApplicationFailure.nonRetryable('RideNDine refused the order (422).', 'RideNDineRejected', {
      reason: 'RideNDine refused | the order.',
      attempts: 2,
      partner_text: 'closed |\n`today` <b>',
    });

    await expect(
      story.tell('createRideNDineOrder', async () => {
        throw refusal;
      }),
    ).rejects.toBe(refusal);

    expect(rowsOf(story)[2]?.slice(3)).toEqual(['2', 'RideNDine refused \\| the order.']);
    expect(story.table().endsWith("\n\nRideNDine wrote: `closed | 'today' <b>`")).toBe(true);
  });

  it('does not guess how often a step was tried that left no note, or was broken off', async () => {
    const story = beginStory(() => {});

    for (const error of [new Error('Timed out.'), new CancelledFailure('Cancelled.')]) {
      const step = story.tell('validateCheckout', async () => {
        throw error;
      });
      await expect(step).rejects.toBe(error);
    }

    expect(rowsOf(story).slice(0, 2)).toEqual([
      ['Check the checkout', '2026-01-01 10:00:00', '0 ms', '', 'The last attempt left no note of how it ended.'],
      ['Check the checkout', '2026-01-01 10:00:00', '0 ms', '', 'Broken off.'],
    ]);
  });
});
