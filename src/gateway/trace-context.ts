/** W3C Trace Context, section 3.2: version, trace id, parent id, flags; a later version may add more. */
const traceparent = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** What a caller sent as `traceparent`, if it is one. */
export interface TraceContext {
  traceparent: string;
  traceId: string;
}

export function traceContext(header: string | string[] | undefined): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, traceId, more] = traceparent.exec(header) ?? [];
  if (traceId === undefined || (version === '00' && more !== undefined)) return undefined;
  return { traceparent: header, traceId };
}
