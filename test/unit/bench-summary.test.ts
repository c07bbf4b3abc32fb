import { describe, expect, it } from '@jest/globals';
import { figureOf, median, percentile, percentileFigure } from '../../bench/statistics.ts';
import { cellsOf, overheadsOf, ratiosOf, saturationOf } from '../../bench/summary.ts';
import type { Sample } from '../../bench/summary.ts';

function sample(changes: Partial<Sample>): Sample {
  return {
    variant: 'durable',
    round: 1,
    partnerMs: 20,
    parallel: 1,
    latenciesMs: [100],
    elapsedMs: 1000,
    cpuMs: {},
    busiestThreadCpuMs: {},
    memoryBytes: {},
    ...changes,
  };
}

describe('a percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('is the smallest value that the share of values does not exceed', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.95)).toBe(95);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
  });

  it('of a few values is one of them', () => {
    expect(percentile([7, 3], 0.99)).toBe(7);
    expect(percentile([7], 0)).toBe(7);
  });

  it('of no values is none', () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  it('of several rounds is that of all their values, with the ends of the single rounds', () => {
    expect(percentileFigure([[1, 2, 3], [10, 20, 30], [2]], 0.5)).toEqual({ value: 3, lowest: 2, highest: 20 });
  });
});

describe('a figure', () => {
  it('is the median of the rounds, between the lowest and the highest', () => {
    expect(figureOf([30, 10, 20])).toEqual({ value: 20, lowest: 10, highest: 30 });
  });

  it('of an even number of rounds lies in the middle of two', () => {
    expect(median([1, 10, 2, 4])).toBe(3);
  });
});

describe('the summary of a benchmark', () => {
  it('puts the rounds of a load together, and keeps loads and variants apart', () => {
    const cells = cellsOf([
      sample({ round: 1, latenciesMs: [1, 2], elapsedMs: 10, cpuMs: { worker: 8 } }),
      sample({ round: 1, variant: 'plain', latenciesMs: [5] }),
      sample({ round: 2, latenciesMs: [3, 4], elapsedMs: 20, cpuMs: { worker: 4 } }),
      sample({ round: 2, parallel: 8, latenciesMs: [9] }),
    ]);

    expect(cells.map(({ variant, parallel, orders }) => ({ variant, parallel, orders }))).toEqual([
      { variant: 'durable', parallel: 1, orders: 4 },
      { variant: 'plain', parallel: 1, orders: 1 },
      { variant: 'durable', parallel: 8, orders: 1 },
    ]);
    expect(cells[0]).toMatchObject({
      latencyMs: { p50: { value: 2 }, p99: { value: 4, lowest: 2, highest: 4 } },
      ordersPerSecond: { value: 150, lowest: 100, highest: 200 },
      cpuMsPerOrder: { worker: { value: 3, lowest: 2, highest: 4 } },
    });
  });

  it('compares variants within a round, so that a slow round slows both', () => {
    const samples = [
      sample({ round: 1, latenciesMs: [300] }),
      sample({ round: 1, variant: 'plain', latenciesMs: [200] }),
      sample({ round: 2, latenciesMs: [30] }),
      sample({ round: 2, variant: 'plain', latenciesMs: [20] }),
    ];

    expect(ratiosOf(samples, 'durable', 'plain')).toEqual([
      { variant: 'durable', partnerMs: 20, parallel: 1, p50: { value: 1.5, lowest: 1.5, highest: 1.5 } },
    ]);
    expect(overheadsOf(samples, 'plain')).toEqual([
      { variant: 'durable', parallel: 1, p50Ms: { value: 55, lowest: 10, highest: 100 } },
    ]);
  });

  it('takes the load under which a variant placed most for its saturation, with the fastest partner', () => {
    const samples = [
      sample({ parallel: 1, latenciesMs: [1], elapsedMs: 100 }),
      sample({ parallel: 8, latenciesMs: [1, 1], elapsedMs: 100 }),
      sample({ parallel: 32, latenciesMs: [1], elapsedMs: 50.1 }),
      sample({ parallel: 8, partnerMs: 300, latenciesMs: [1, 1, 1, 1, 1, 1, 1], elapsedMs: 100 }),
      sample({ variant: 'one process', parallel: 1, latenciesMs: [1, 1, 1], elapsedMs: 100 }),
      sample({ variant: 'plain', parallel: 1, latenciesMs: [1, 1, 1, 1], elapsedMs: 100 }),
    ];

    expect(saturationOf(samples)).toMatchObject({
      partnerMs: 20,
      durable: { parallel: 8, ordersPerSecond: { value: 20 }, ratio: { value: 0.5 } },
      oneProcess: { parallel: 1, ordersPerSecond: { value: 30 }, ratio: { value: 0.75 } },
      plain: { parallel: 1, ordersPerSecond: { value: 40 } },
    });
  });
});
