/** A time as Temporal's API writes it. */
type Timestamp = { seconds?: unknown; nanos?: number | null } | null | undefined;

/** A time in milliseconds since 1970; 0 if there is none. */
export function millisecondsOf(time: Timestamp): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
