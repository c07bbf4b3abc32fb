import { describe, expect, it } from '@jest/globals';
import { waitMs } from '../../src/gateway/wait-preference.ts';

describe('how long a request waits for its order', () => {
  it.each<[string | string[] | undefined, number]>([
    [undefined, 10_000],
    ['', 10_000],
    ['respond-async', 10_000],
    ['wait=3', 3000],
    ['wait=0', 0],
    ['wait=10', 10_000],
    ['wait=11', 10_000],
    ['wait=99999999999999999999', 10_000],
    ['Wait = "3"', 3000],
    ['respond-async, wait=3', 3000],
    ['respond-async;wait=3', 3000],
    [['respond-async', 'wait=3'], 3000],
    ['await=3', 10_000],
    ['wait=soon', 10_000],
    ['wait=-3', 10_000],
    ['wait', 10_000],
  ])('with Prefer: %j', (header, expectedMs) => {
    expect(waitMs(header, 10_000)).toBe(expectedMs);
  });
});
