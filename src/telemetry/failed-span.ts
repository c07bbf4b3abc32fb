import { SpanStatusCode } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';

/**
 * What a span tells of a failure: its type, and never its message, its stack or its cause, which OpenTelemetry's
 * `recordException` would write. What a partner or a customer wrote may stand in each of those.
 */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}
