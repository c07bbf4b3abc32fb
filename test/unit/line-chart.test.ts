import { describe, expect, it } from '@jest/globals';
import { drawLineChart, linearAxis, logAxis } from '../../bench/line-chart.ts';

describe('a linear axis', () => {
  it('begins at zero and ends at a round value that nothing exceeds', () => {
    expect(linearAxis([93, 101]).ticks).toEqual([0, 50, 100, 150]);
    expect(linearAxis([0.23]).ticks).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25]);
    expect(linearAxis([93, 101]).positionOf(75)).toBe(0.5);
  });

  it('ends at the highest value if that is round', () => {
    expect(linearAxis([4, 1, 2]).ticks).toEqual([0, 1, 2, 3, 4]);
  });

  it('is there for values of nothing but zero', () => {
    expect(linearAxis([0]).ticks).toEqual([0, 1]);
    expect(linearAxis([0]).positionOf(0)).toBe(0);
  });
});

describe('a logarithmic axis', () => {
  it('gives each power of ten the same room, from the smallest value to the largest', () => {
    const { positionOf, ticks } = logAxis([10_000, 1_000_000, 100_000]);

    expect(ticks).toEqual([10_000, 100_000, 1_000_000]);
    expect([10_000, 100_000, 1_000_000].map(positionOf)).toEqual([0, 0.5, 1]);
  });

  it('names its ends where there are no two powers of ten between them', () => {
    expect(logAxis([200, 800]).ticks).toEqual([200, 800]);
  });

  it('has a single value in the middle', () => {
    expect(logAxis([20]).ticks).toEqual([20]);
    expect(logAxis([20]).positionOf(20)).toBe(0.5);
  });

  it('refuses what has no logarithm', () => {
    expect(() => logAxis([0, 10])).toThrow(RangeError);
  });
});

describe('a line chart', () => {
  const chart = {
    title: 'p50 < p95',
    x: { label: 'orders in Directus', scale: 'log' as const },
    y: { label: 'ms' },
    series: [
      {
        name: 'p50',
        colour: '#2f6fb3',
        points: [
          { x: 10_000, y: 50 },
          { x: 1_000_000, y: 100 },
        ],
      },
    ],
  };

  it('joins the points of a series, higher ones further up, the axes and the series named', () => {
    const svg = drawLineChart(chart);

    const [, from, to] = /<polyline points="64\.0,([\d.]+) 716\.0,([\d.]+)" [^>]*stroke="#2f6fb3"/.exec(svg) ?? [];
    expect(Number(from)).toBeGreaterThan(Number(to));
    expect(svg.match(/<circle /g)).toHaveLength(2);
    for (const text of ['p50 &lt; p95', '>orders in Directus<', '>ms<', '>p50<', '>1,000,000<', '>0<']) {
      expect(svg).toContain(text);
    }
  });

  it('is refused without points', () => {
    expect(() => drawLineChart({ ...chart, series: [] })).toThrow('No points, no chart.');
  });
});
