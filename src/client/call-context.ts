import { REQUEST_ID_MEMO, TRACEPARENT_MEMO } from '../domain/order-creation.ts';
import { traceContext } from '../domain/trace-context.ts';

/** Where a request comes from, for support staff: it stands in the run's memo and has no part in what happens. */
export interface CallContext {
  /** The caller's own id of the request: up to 128 visible ASCII characters, no spaces, nothing personal. */
  requestId?: string | undefined;
  /** W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header */
  traceparent?: string | undefined;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Memo fields for what is of the right form; the rest is left out, for no order fails over it. */
export function contextMemo({ requestId, traceparent }: CallContext): Record<string, string> {
  const trace = traceContext(traceparent);
  return {
    ...(requestId !== undefined && REQUEST_ID.test(requestId) && { [REQUEST_ID_MEMO]: requestId }),
    ...(trace && { [TRACEPARENT_MEMO]: trace.traceparent }),
  };
}
