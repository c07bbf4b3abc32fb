import { REQUEST_ID_MEMO, TRACEPARENT_MEMO } from '../domain/order-creation.ts';

/** Where a request comes from, for support staff: it stands in the run's memo and has no part in what happens. */
export interface CallContext {
  /** The caller's own id of the request: up to 128 visible ASCII characters, no spaces, nothing personal. */
  requestId?: string | undefined;
  /** W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header */
  traceparent?: string | undefined;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
/** Version 00, or a later one, which may have more at its end. Version ff and ids of zeros are invalid. */
const TRACEPARENT =
  /^(?!ff)(?!00.{53}.)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;

/** Memo fields for what is of the right form; the rest is left out, for no order fails over it. */
export function contextMemo({ requestId, traceparent }: CallContext): Record<string, string> {
  return {
    ...(requestId !== undefined && REQUEST_ID.test(requestId) && { [REQUEST_ID_MEMO]: requestId }),
    ...(traceparent !== undefined && TRACEPARENT.test(traceparent) && { [TRACEPARENT_MEMO]: traceparent }),
  };
}
