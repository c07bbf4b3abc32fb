import { describe, expect, it } from '@jest/globals';
import { changePointsOf } from '../../bench/changes-summary.ts';
import type { Sample } from '../../bench/summary.ts';

function sample(changes: Partial<Sample>): Sample {
  return {
    variant: 'as it is',
    round: 1,
    partnerMs: null,
    parallel: 1,
    latenciesMs: [40],
    elapsedMs: 1000,
    cpuMs: { temporal: 10, worker: 5, callers: 3 },
    busiestThreadCpuMs: {},
    memoryBytes: {},
    ...changes,
  };
}

describe('a change', () => {
  it('is compared with no change under the same load in the same round', () => {
    const points = changePointsOf(
      [
        sample({}),
        sample({
          variant: 'changed',
          latenciesMs: [50],
          elapsedMs: 2000,
          cpuMs: { temporal: 12, worker: 6, callers: 30 },
        }),
        sample({ round: 2, latenciesMs: [400] }),
        sample({ variant: 'changed', round: 2, latenciesMs: [430] }),
      ],
      'as it is',
    );

    expect(points.map(({ variant, orders }) => `${variant}: ${orders}`)).toEqual(['as it is: 2', 'changed: 2']);
    expect(points[1]?.moreMs).toEqual({ value: 20, lowest: 10, highest: 30 });
    expect(points[1]?.ordersRatio).toEqual({ value: 0.75, lowest: 0.5, highest: 1 });
    // The callers belong to no installation.
    expect(points[1]?.moreCpuMs).toEqual({ value: 1.5, lowest: 0, highest: 3 });
    expect(Object.keys(points[1]?.cpuMsPerOrder ?? {})).toEqual(['temporal', 'worker']);
  });

  it('is compared with the mean where there are several turns without it', () => {
    const [asItIs, changed] = changePointsOf(
      [sample({}), sample({ latenciesMs: [60] }), sample({ variant: 'changed', latenciesMs: [51] })],
      'as it is',
    );

    // Each with the other.
    expect(asItIs?.moreMs).toEqual({ value: 0, lowest: -20, highest: 20 });
    expect(changed?.moreMs.value).toBe(1);
  });

  it('of nothing is nothing', () => {
    const [asItIs] = changePointsOf([sample({})], 'as it is');

    expect(asItIs?.moreMs.value).toBe(0);
    expect(asItIs?.ordersRatio.value).toBe(1);
    expect(asItIs?.moreCpuMs.value).toBe(0);
  });
});
