import { trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import type { TraceContext } from './trace-context.ts';

/** A context in which what comes next belongs to a place in a trace that another program told; `base` if it told none. */
export function withRemoteSpan(base: Context, place: TraceContext | undefined): Context {
  if (place === undefined) return base;
  const { traceId, spanId, traceFlags } = place;
  return trace.setSpanContext(base, { traceId, spanId, traceFlags, isRemote: true });
}
