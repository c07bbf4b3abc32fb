import { describe, expect, it } from '@jest/globals';
import { fitTrend, isFlat, studentT } from '../../bench/trend.ts';
import type { Point } from '../../bench/trend.ts';
import { seededRandom } from '../chaos/seeded-random.ts';

const MB = 1e6;

function series(count: number, valueAt: (index: number) => number): Point[] {
  return Array.from({ length: count }, (_, index) => ({ x: index, y: valueAt(index) }));
}

/** Memory of a process, second by second: garbage piles up for a while, then goes at once, and everything shakes. */
function memory({ leakPerSecond, seed = 1 }: { leakPerSecond: number; seed?: number }): Point[] {
  const random = seededRandom(seed, 'memory');
  let [garbage, limit] = [random.next() * 150 * MB, 150 * MB];
  return series(900, (second) => {
    garbage += 3 * MB * random.next();
    if (garbage > limit) [garbage, limit] = [0, (100 + 100 * random.next()) * MB];
    return 400 * MB + garbage + 5 * MB * random.next() + leakPerSecond * second;
  });
}

/** Each value keeps a share of the one before. */
function alike(share: number, seed: number): Point[] {
  const random = seededRandom(seed, 'alike');
  let value = 0;
  return series(400, () => {
    // Nearly normal: the sum of many.
    const shock = Array.from({ length: 12 }, () => random.next()).reduce((sum, one) => sum + one, -6);
    value = share * value + shock;
    return value;
  });
}

describe('the line through samples', () => {
  it('has the slope of least squares', () => {
    // The first of Anscombe's quartet.
    const anscombe = { 4: 4.26, 5: 5.68, 6: 7.24, 7: 4.82, 8: 6.95, 9: 8.81, 10: 8.04, 11: 8.33, 12: 10.84 };
    const points = Object.entries({ ...anscombe, 13: 7.58, 14: 9.96 }).map(([x, y]) => ({ x: Number(x), y }));

    expect(fitTrend(points).slope).toBeCloseTo(0.5001, 4);
  });

  it('has the interval of the textbook if the samples are independent', () => {
    // Off the line by 1 up and down in turn: 1.962 / sqrt(n (n² - 1) / 12).
    const { slope, interval } = fitTrend(series(1000, (index) => 7 * index + (index % 2 === 0 ? 1 : -1)));

    expect(slope).toBeCloseTo(7, 4);
    expect(((interval?.to ?? 0) - slope) / 2.15e-4).toBeCloseTo(1, 2);
    expect((slope - (interval?.from ?? 0)) / 2.15e-4).toBeCloseTo(1, 2);
  });

  it('counts samples that resemble their neighbours for less', () => {
    // (1 - 0.8) / (1 + 0.8) of them.
    expect(fitTrend(alike(0.8, 1)).effectiveSamples).toBeLessThan(70);
    expect(fitTrend(alike(0, 1)).effectiveSamples).toBeGreaterThan(350);
  });

  it.each([0, 0.5, 0.9])('finds a slope in about one of twenty series without, whose neighbours share %d', (share) => {
    const series200 = Array.from({ length: 200 }, (_, seed) => fitTrend(alike(share, seed)));

    const flat = series200.filter((trend) => isFlat(trend) === true).length;

    expect(flat / 200).toBeGreaterThan(0.9);
    expect(flat / 200).toBeLessThan(0.99);
  });

  it('is exact for values that do not change', () => {
    const trend = fitTrend(series(10, () => 5));

    expect(trend).toMatchObject({ slope: 0, interval: { from: 0, to: 0 } });
    expect(isFlat(trend)).toBe(true);
  });

  it('tells nothing of samples that are too few or too much alike', () => {
    const [few, rising] = [fitTrend(series(5, (x) => x % 2)), fitTrend(series(50, (x) => (x < 25 ? 0 : 1)))];

    expect([few.interval, rising.interval]).toEqual([null, null]);
    expect(isFlat(few)).toBeUndefined();
    expect(() => fitTrend(series(2, (x) => x))).toThrow(RangeError);
  });
});

describe('the memory of a process', () => {
  it.each([1, 2, 3, 4, 5])('is flat if garbage comes and goes (seed %d)', (seed) => {
    const trend = fitTrend(memory({ leakPerSecond: 0, seed }));

    expect(isFlat(trend)).toBe(true);
  });

  it.each([1, 2, 3, 4, 5])('is not flat if something stays behind the garbage (seed %d)', (seed) => {
    // At 8 orders a second, 50 kB each.
    const trend = fitTrend(memory({ leakPerSecond: 0.4 * MB, seed }));

    expect(isFlat(trend)).toBe(false);
    expect(trend.interval?.from).toBeLessThan(0.4 * MB);
    expect(trend.interval?.to).toBeGreaterThan(0.4 * MB);
  });
});

describe("the percentile of Student's distribution", () => {
  it.each([
    [3, 3.182],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ])('of %d degrees of freedom is that of the tables', (freedom, percentile) => {
    expect(Math.abs(studentT(freedom) / percentile - 1)).toBeLessThan(2e-3);
  });
});
