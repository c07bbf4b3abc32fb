/** What several rounds came to. Where they lie far apart, the machine was busy with something else. */
export interface Figure {
  value: number;
  /** Of the single rounds. */
  lowest: number;
  highest: number;
}

/**
 * The smallest value that at least the share `share` of the values does not exceed (nearest rank).
 *
 * @throws RangeError without values.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('No values, no percentile.');
  return value;
}

/** The middle value; of an even number the mean of the two in the middle. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('No values, no median.');
  return (lower + upper) / 2;
}

/** Of one value a round: their median. */
export function figureOf(rounds: readonly number[]): Figure {
  return { value: median(rounds), lowest: Math.min(...rounds), highest: Math.max(...rounds) };
}

/** Of many values a round: the percentile of all of them, since a single round has too few for its ends. */
export function percentileFigure(rounds: readonly (readonly number[])[], share: number): Figure {
  const single = rounds.map((values) => percentile(values, share));
  return { value: percentile(rounds.flat(), share), lowest: Math.min(...single), highest: Math.max(...single) };
}
