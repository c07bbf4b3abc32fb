/** A point in time for people, to the minute. @param instant ISO 8601 in UTC. */
export function minuteOf(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`;
}

/** A point in time for people, to the second, without the zone. @param instant ISO 8601 in UTC. */
export function secondOf(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ');
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** How long something took, in its two largest units: `2 h 5 min`. */
export function durationOf(durationMs: number): string {
  const first = units.findIndex(([, size]) => durationMs >= size);
  if (first === -1) return `${durationMs} ms`;
  let restMs = durationMs;
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const whole = Math.floor(restMs / size);
    restMs -= whole * size;
    return `${whole} ${unit}`;
  });
  return parts.filter((part) => !part.startsWith('0 ')).join(' ');
}
