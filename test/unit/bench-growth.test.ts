import { describe, expect, it } from '@jest/globals';
import { growthPointsOf, twinOf, withProcessesTogether } from '../../bench/growth-summary.ts';
import type { GrowthSample } from '../../bench/growth-summary.ts';

function sample(changes: Partial<GrowthSample>): GrowthSample {
  return {
    at: 10,
    round: 1,
    partnerMs: 20,
    parallel: 1,
    latenciesMs: [100],
    elapsedMs: 1000,
    cpuMs: { worker: 10 },
    busiestThreadCpuMs: {},
    memoryBytes: {},
    ...changes,
  };
}

describe('what grows', () => {
  it('is compared with its smallest value round by round, so that a slow round slows both', () => {
    const points = growthPointsOf([
      sample({ at: 1000, round: 1, latenciesMs: [300] }),
      sample({ at: 10, round: 1, latenciesMs: [200] }),
      sample({ at: 10, round: 2, latenciesMs: [20] }),
      sample({ at: 1000, round: 2, latenciesMs: [22] }),
    ]);

    expect(points.map(({ at, p50Ratio: { lowest, highest } }) => [at, lowest, highest])).toEqual([
      [1000, 1.1, 1.5],
      [10, 1, 1],
    ]);
    expect(points[0]?.p50Ratio.value).toBeCloseTo(1.3);
  });

  it('is compared under the same load', () => {
    const points = growthPointsOf([
      sample({ at: 10, parallel: 1, latenciesMs: [100] }),
      sample({ at: 20, parallel: 1, latenciesMs: [150] }),
      sample({ at: 10, parallel: 8, latenciesMs: [400, 400] }),
      sample({ at: 20, parallel: 8, latenciesMs: [800, 800] }),
    ]);

    expect(points.map(({ at, parallel, orders, p50Ratio }) => [at, parallel, orders, p50Ratio.value])).toEqual([
      [10, 1, 1, 1],
      [20, 1, 1, 1.5],
      [10, 8, 2, 1],
      [20, 8, 2, 2],
    ]);
  });

  it('costs what the parts of an installation use for an order, callers and the stand-in apart', () => {
    const [, more] = growthPointsOf([
      sample({ at: 1, latenciesMs: [1, 1], cpuMs: { worker: 6, directus: 4, callers: 5, 'ridendine sandbox': 5 } }),
      sample({ at: 2, latenciesMs: [1], cpuMs: { worker: 6, directus: 9, callers: 500, 'ridendine sandbox': 500 } }),
    ]);

    expect(more?.cpuRatio.value).toBe(3);
  });
});

describe('a second place with the same value', () => {
  it('tells how far two differ that do not', () => {
    const twin = twinOf([
      sample({ at: 10, latenciesMs: [100], cpuMs: { worker: 10 } }),
      sample({ at: 10, isTwin: true, latenciesMs: [105], cpuMs: { worker: 9 } }),
    ]);

    expect(twin).toMatchObject([{ parallel: 1, p50Ratio: { value: 1.05 }, cpuRatio: { value: 0.9 } }]);
  });
});

describe('processes of one kind', () => {
  it('count as one', () => {
    expect(withProcessesTogether({ worker: 1, directus: 10, 'worker 2': 2, 'worker 3': 4 })).toEqual({
      worker: 7,
      directus: 10,
    });
  });
});
