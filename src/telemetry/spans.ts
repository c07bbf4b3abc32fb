import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { TraceContext } from './trace-context.ts';

/**
 * What a span tells of a failure: its type, and never its message, its stack or its cause, which OpenTelemetry's
 * `recordException` would write. What a partner or a customer wrote may stand in each of those.
 */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** A context in which what comes next belongs to a place in a trace that another program told; `base` if it told none. */
export function withRemoteSpan(base: Context, place: TraceContext | undefined): Context {
  if (place === undefined) return base;
  const { traceId, spanId, traceFlags } = place;
  return trace.setSpanContext(base, { traceId, spanId, traceFlags, isRemote: true });
}
