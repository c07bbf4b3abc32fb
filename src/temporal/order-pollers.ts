/** A worker without orders asks anew every minute; Temporal remembers one that is gone for five. */
const POLLED_WITHIN_MS = 75_000;

interface Poller {
  identity?: string | null;
  lastAccessTime?: { seconds?: unknown } | null;
}

/** How many workers have asked for tasks of late, of those that Temporal remembers. */
export function countRecentPollers(pollers: readonly Poller[]): number {
  const oldestMs = Date.now() - POLLED_WITHIN_MS;
  const recent = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 >= oldestMs);
  return new Set(recent.map(({ identity }) => identity)).size;
}
