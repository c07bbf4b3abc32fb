/**
 * W3C Trace Context, section 3.2: version, trace id, parent id, flags. Version ff and ids of zeros are invalid. A
 * version later than 00 may add fields; we limit their length.
 */
const TRACEPARENT =
  /^(?!ff)(?!00.{53}.)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]{0,200})?$/;

/** A valid `traceparent` and its parts. */
export interface TraceContext {
  traceparent: string;
  traceId: string;
  /** The span that is the parent of the next span. */
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

/** Whether the spans of a trace are recorded. If not, only the ids of the trace are handed on. */
export function isSampled({ traceFlags }: Pick<TraceContext, 'traceFlags'>): boolean {
  return (traceFlags & 1) === 1;
}

/**
 * The header that gives a run and its activities their place in a trace: `{traceparent}` in JSON. The OpenTelemetry
 * interceptors of Temporal's SDKs use the same name and form, so a program with them can begin our traces
 * (docs/decisions/0016).
 */
export const TRACE_HEADER = '_tracer-data';

/** The place in a trace that the content of {@link TRACE_HEADER} gives, if it gives one. */
export function traceContextIn(content: unknown): TraceContext | undefined {
  if (typeof content !== 'object' || content === null || !('traceparent' in content)) return undefined;
  return traceContext(content.traceparent);
}
