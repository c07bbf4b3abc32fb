import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { REQUEST_ID_MEMO, TRACEPARENT_MEMO } from '../contract/runs.ts';
import { traceContext, traceparentOf } from '../telemetry/trace-context.ts';

/** Where a request comes from. Support staff see it in the run's memo; it does not influence the order. */
export interface CallContext {
  /** The caller's own id of the request: up to 128 visible ASCII characters, no spaces, nothing personal. */
  requestId?: string | undefined;
  /**
   * W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header. A program that uses OpenTelemetry need
   * not pass it: the order creation joins the active span, even if a `traceparent` is passed. The memo has the passed
   * value.
   */
  traceparent?: string | undefined;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Memo fields for the well-formed values. Malformed values are left out: no order may fail because of them. */
export function contextMemo({ requestId, traceparent }: CallContext): Record<string, string> {
  const known = traceContext(traceparent)?.traceparent ?? activeTraceparent();
  return {
    ...(requestId !== undefined && REQUEST_ID.test(requestId) && { [REQUEST_ID_MEMO]: requestId }),
    ...(known !== undefined && { [TRACEPARENT_MEMO]: known }),
  };
}

/** The `traceparent` of the calling program's active span, if the program uses OpenTelemetry. */
function activeTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? traceparentOf(span) : undefined;
}
