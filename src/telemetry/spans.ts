import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { TraceContext } from './trace-context.ts';

/**
 * Marks a span as failed, with the type of the failure only. Its message, stack and cause may contain text of a partner
 * or a customer. So OpenTelemetry's `recordException`, which would write more than the type, is not used.
 */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** A context in which new spans are children of a span of another program. Without a `place`, `base` itself. */
export function withRemoteSpan(base: Context, place: TraceContext | undefined): Context {
  if (place === undefined) return base;
  const { traceId, spanId, traceFlags } = place;
  return trace.setSpanContext(base, { traceId, spanId, traceFlags, isRemote: true });
}
