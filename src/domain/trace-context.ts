/**
 * W3C Trace Context, section 3.2: version, trace id, parent id, flags. Version ff and ids of zeros are invalid; a version
 * later than 00 may add more, of which we bound the length.
 */
const TRACEPARENT =
  /^(?!ff)(?!00.{53}.)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;

/** What somebody sent as `traceparent`, if it is one. */
export interface TraceContext {
  traceparent: string;
  traceId: string;
}

export function traceContext(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, traceId] = TRACEPARENT.exec(header) ?? [];
  return traceId === undefined ? undefined : { traceparent: header, traceId };
}
