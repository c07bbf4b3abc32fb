import { describe, expect, it } from '@jest/globals';
import { soakResult, usualSoak } from '../../bench/soak.ts';
import type { SoakMeasurement, SoakSample } from '../../bench/soak.ts';

const MB = 1e6;
const open = { worker: { files: 30, sockets: 10, threads: 11 } };
const live = { worker: { heapBytes: 60 * MB, memoryBytes: 200 * MB } };

/** A byte more each second. */
const growing = (seconds: number[]): SoakSample[] =>
  seconds.map((second) => ({ seconds: second, memoryBytes: { worker: 200 * MB + second } }));

const measured = (collectedAt: number[]): SoakMeasurement => ({
  plan: { ...usualSoak, orders: 100, ordersPerSecond: 10 },
  latenciesMs: Array.from({ length: 100 }, () => 300),
  elapsedMs: 10_000,
  mostUnderWay: 4,
  samples: growing(Array.from({ length: 101 }, (_, index) => index)),
  collected: growing(collectedAt),
  before: { open, live },
  after: { open, live },
});

describe('what a soak came to', () => {
  it('has a line through what was left after garbage collections, from the end of the warm-up on', () => {
    const { collectedTrend } = soakResult(measured([0, 20, 40, 60, 80, 100])).processes['worker'] ?? {};

    expect(collectedTrend?.samples).toBe(3);
    expect(collectedTrend?.slope).toBeCloseTo(1);
  });

  it('has none where there were too few of them', () => {
    const { collectedTrend, trend } = soakResult(measured([0, 20, 40])).processes['worker'] ?? {};

    expect(collectedTrend).toBeNull();
    expect(trend?.slope).toBeCloseTo(1);
  });
});
