import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { pagesOf } from '../../bench/page.ts';
import { stallsInBurst } from '../../bench/parts/changes.ts';
import { memoryTrend } from '../../bench/parts/soak.ts';
import { compared, figure, measuredFile, readBenchResult } from '../../bench/results.ts';
import type { Sample } from '../../bench/results.ts';
import { seededRandom } from '../chaos/seeded-random.ts';

const root = new URL('../../', import.meta.url);
const pages = await pagesOf(readBenchResult(readFileSync(measuredFile, 'utf8')));

describe('the figures in the documents', () => {
  it.each(Object.keys(pages))('in %s are those that were measured', (file) => {
    expect(readFileSync(new URL(file, root), 'utf8')).toBe(pages[file]);
  });
});

describe('a result of the benchmark', () => {
  it('is refused if it is none', () => {
    expect(() => readBenchResult('{"rounds": 1}')).toThrow('This is no result of npm run bench');
  });
});

const nothing = { p95Ms: 0, p99Ms: 0, ordersPerSecond: 1, cpuMs: {}, threadCpuMs: {}, memoryBytes: {} };
const sample = (variant: string, round: number, p50Ms: number, parallel = 1): Sample => ({
  variant,
  round,
  p50Ms,
  parallel,
  partnerMs: null,
  orders: 4,
  ...nothing,
});
const ratio = (ours: Sample, theirs: Sample) => ours.p50Ms / theirs.p50Ms;

describe('a figure', () => {
  it('is the median of the rounds, with the lowest and the highest', () => {
    const samples = [
      sample('a', 1, 10),
      sample('a', 2, 40),
      sample('a', 3, 20),
      sample('b', 1, 7),
      sample('a', 1, 8, 2),
    ];

    expect(figure(samples, { variant: 'a', parallel: 1 }, ({ p50Ms }) => p50Ms)).toEqual({
      value: 20,
      lowest: 10,
      highest: 40,
    });
  });

  it('is not made up where nothing was measured', () => {
    expect(() => figure([], { variant: 'a', parallel: 1 }, ({ p50Ms }) => p50Ms)).toThrow('lacks a figure');
  });
});

describe('a comparison', () => {
  it('is made within each round, under the same load', () => {
    const samples = [sample('a', 1, 20), sample('base', 1, 10), sample('base', 2, 50), sample('a', 2, 200)];
    const otherLoad = [sample('a', 1, 7, 2), sample('base', 1, 7, 2)];

    expect(compared([...samples, ...otherLoad], { variant: 'a', base: 'base', parallel: 1 }, ratio)).toEqual({
      value: 3,
      lowest: 2,
      highest: 4,
    });
  });

  it('of the base with itself is that of its turns in a round', () => {
    const samples = [sample('base', 1, 10), sample('base', 1, 20), sample('base', 2, 30)];

    expect(compared(samples, { variant: 'base', base: 'base', parallel: 1 }, ratio)).toMatchObject({
      lowest: 0.5,
      highest: 2,
    });
  });
});

const place = (ms: string) => delay(Number(ms));

describe('a burst', () => {
  it.each([
    ['takes long as a whole', ['1100', '1200', '1300'], false],
    ['is of one order', ['1100'], false],
    ['has orders that wait while nothing is done', ['10', '20', '1200'], true],
  ])('that %s is told from one that stalls', async (_what, orders, stalled) => {
    await expect(stallsInBurst(orders, place)).resolves.toBe(stalled);
  });
});

/** Samples of memory after garbage collections, one every 20 s. Heaps and caches still fill during the first half. */
const memory = (bytesPerSecond: number, seed: number) => {
  const random = seededRandom(seed, 'memory');
  return Array.from({ length: 80 }, (_, index) => {
    const seconds = 20 * index;
    const filling = Math.min(index, 40) * 2e6;
    return { seconds, memoryBytes: { worker: 300e6 + filling + 5e6 * random.next() + bytesPerSecond * seconds } };
  });
};

describe('the trend of memory', () => {
  it.each([1, 2, 3, 4, 5])('is within its uncertainty if nothing stays (seed %d)', (seed) => {
    const trend = memoryTrend(memory(0, seed), 'worker');

    expect(Math.abs(trend?.bytesPerSecond ?? Infinity)).toBeLessThan(trend?.uncertainty ?? 0);
  });

  it.each([1, 2, 3, 4, 5])('is found if something stays of each order (seed %d)', (seed) => {
    // 8 orders a second, of each of which 1 kB stays.
    const trend = memoryTrend(memory(8000, seed), 'worker');

    expect(trend?.bytesPerSecond).toBeGreaterThan(trend?.uncertainty ?? Infinity);
    expect(Math.abs((trend?.bytesPerSecond ?? 0) - 8000)).toBeLessThan(2 * (trend?.uncertainty ?? 0));
  });

  it('is not told of too few samples', () => {
    expect(memoryTrend(memory(0, 1).slice(0, 10), 'worker')).toBeUndefined();
  });
});
