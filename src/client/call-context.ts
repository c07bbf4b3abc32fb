import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { REQUEST_ID_MEMO, TRACEPARENT_MEMO } from '../contract/runs.ts';
import { traceContext, traceparentOf } from '../telemetry/trace-context.ts';

/** Where a request comes from, for support staff: it stands in the run's memo and has no part in what happens. */
export interface CallContext {
  /** The caller's own id of the request: up to 128 visible ASCII characters, no spaces, nothing personal. */
  requestId?: string | undefined;
  /**
   * W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header. A program that uses OpenTelemetry need not
   * tell it: the span that is active goes before.
   */
  traceparent?: string | undefined;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Memo fields for what is of the right form; the rest is left out, for no order fails over it. */
export function contextMemo({ requestId, traceparent }: CallContext): Record<string, string> {
  const known = traceContext(traceparent)?.traceparent ?? activeTraceparent();
  return {
    ...(requestId !== undefined && REQUEST_ID.test(requestId) && { [REQUEST_ID_MEMO]: requestId }),
    ...(known !== undefined && { [TRACEPARENT_MEMO]: known }),
  };
}

/** Of the span that the calling program is in, if it uses OpenTelemetry. */
function activeTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? traceparentOf(span) : undefined;
}
