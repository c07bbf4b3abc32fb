/**
 * W3C Trace Context, section 3.2: version, trace id, parent id, flags. Version ff and ids of zeros are invalid; a version
 * later than 00 may add more, of which we bound the length.
 */
const TRACEPARENT =
  /^(?!ff)(?!00.{53}.)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]{0,200})?$/;

/** What somebody sent as `traceparent`, if it is one. */
export interface TraceContext {
  traceparent: string;
  traceId: string;
  /** Of the span that whatever comes next belongs to. */
  spanId: string;
  /** The trace's flags, as a number: the lowest bit says whether its spans are kept. */
  traceFlags: number;
}

export function traceContext(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceparent: header, traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** The `traceparent` of a span. */
export function traceparentOf({ traceId, spanId, traceFlags }: Omit<TraceContext, 'traceparent'>): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** Whether the spans of a trace are kept, rather than only its ids handed on. */
export function isSampled({ traceFlags }: Pick<TraceContext, 'traceFlags'>): boolean {
  return (traceFlags & 1) === 1;
}

/**
 * The header by which a run and its steps are told their place in a trace: `{traceparent}` in JSON. The OpenTelemetry
 * interceptors of Temporal's SDKs know it by the same name and form, so that whoever has those can begin our traces.
 */
export const TRACE_HEADER = '_tracer-data';

/** The place in a trace that the content of {@link TRACE_HEADER} tells, if it tells one. */
export function traceContextIn(content: unknown): TraceContext | undefined {
  if (typeof content !== 'object' || content === null || !('traceparent' in content)) return undefined;
  return traceContext(content.traceparent);
}
