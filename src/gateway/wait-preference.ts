/** Milliseconds that a request waits for its order: `allowedMs`, or less if `Prefer: wait=N` (RFC 7240) says so. */
export function waitMs(preferHeader: string | string[] | undefined, allowedMs: number): number {
  const header = Array.isArray(preferHeader) ? preferHeader.join(',') : (preferHeader ?? '');
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d+)"?/i.exec(header)?.[1];
  return wait === undefined ? allowedMs : Math.min(Number(wait) * 1000, allowedMs);
}
