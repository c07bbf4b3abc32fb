/** A straight line through samples that were taken one after the other. */
export interface Trend {
  /** How much the value grows in a unit of `x`. */
  slope: number;
  /** Where the slope lies with 95 % confidence; null if the samples are too few to tell. */
  interval: { from: number; to: number } | null;
  samples: number;
  /** So many independent samples would tell as much. */
  effectiveSamples: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Of fewer there is no line. */
export const FEWEST_POINTS = 3;

/** Of fewer, no interval is worth anything: one of four independent samples would be sixteen times as wide as of many. */
const FEWEST_EFFECTIVE = 5;

/**
 * Fits the line by least squares. Samples of a process' memory resemble the ones before them, since a garbage collection
 * shows in all that follow: taken for independent, they would seem to tell the slope far better than they do. So the
 * interval is that of as many independent samples as tell as much, by the correlation of neighbouring residuals
 * (B. D. Santer et al., Journal of Geophysical Research 105, 2000, pages 7337-7356, section 4).
 *
 * @param points evenly spaced, in order.
 * @throws RangeError of fewer than three, or if all have the same `x`.
 */
export function fitTrend(points: readonly Point[]): Trend {
  const samples = points.length;
  const middle = { x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) };
  const spread = sum(points.map(({ x }) => (x - middle.x) ** 2));
  if (samples < FEWEST_POINTS || spread === 0)
    throw new RangeError('Of fewer than three points in a row there is no trend.');
  const slope = sum(points.map(({ x, y }) => (x - middle.x) * (y - middle.y))) / spread;
  const residuals = points.map(({ x, y }) => y - middle.y - slope * (x - middle.x));
  const squares = sum(residuals.map((residual) => residual ** 2));
  const effectiveSamples = effective(samples, correlationOfNeighbours(residuals));
  if (effectiveSamples < FEWEST_EFFECTIVE) return { slope, interval: null, samples, effectiveSamples };
  const freedom = effectiveSamples - 2;
  const halfWidth = studentT(freedom) * Math.sqrt(squares / freedom / spread);
  return { slope, interval: { from: slope - halfWidth, to: slope + halfWidth }, samples, effectiveSamples };
}

/** Whether a slope of zero would explain the samples; undefined if nobody can tell. */
export function isFlat({ interval }: Pick<Trend, 'interval'>): boolean | undefined {
  return interval === null ? undefined : interval.from <= 0 && interval.to >= 0;
}

function effective(samples: number, correlation: number): number {
  // What alternates would seem to tell more than independent samples do.
  const alike = Math.max(0, correlation);
  // The line takes a part of what neighbours have in common for its own slope: more so, the fewer they are.
  const corrected = Math.min(1, alike + (2 + 4 * alike) / samples);
  return (samples * (1 - corrected)) / (1 + corrected);
}

function correlationOfNeighbours(residuals: readonly number[]): number {
  const squares = sum(residuals.map((residual) => residual ** 2));
  if (squares === 0) return 0;
  return sum(residuals.slice(1).map((residual, index) => residual * (residuals[index] ?? 0))) / squares;
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959964;

/**
 * The 97.5th percentile of Student's distribution, from 3 degrees of freedom on right to 2 in a thousand
 * (M. Abramowitz, I. A. Stegun: Handbook of Mathematical Functions, 26.7.5).
 */
export function studentT(freedom: number): number {
  const terms = [
    (Z ** 3 + Z) / 4,
    (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / 96,
    (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / 384,
    (79 * Z ** 9 + 776 * Z ** 7 + 1482 * Z ** 5 - 1920 * Z ** 3 - 945 * Z) / 92_160,
  ];
  return Z + sum(terms.map((term, index) => term / freedom ** (index + 1)));
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
