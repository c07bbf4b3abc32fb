import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { LOG_CONTEXT_HEADER } from '../contract/runs.ts';
import type { LogContext } from '../contract/runs.ts';
import { TRACE_HEADER, traceContextIn } from './trace-context.ts';
import type { TraceContext } from './trace-context.ts';

/** The place in a trace that the headers of a run or an activity give, if they give one. */
export function placeInHeaders(headers: Headers): TraceContext | undefined {
  return traceContextIn(contentOf(headers, TRACE_HEADER));
}

/** The ids that a run gave its activity for log lines. Other programs may write anything there: only text is taken. */
export function logContextInHeaders(headers: Headers): LogContext {
  const content = contentOf(headers, LOG_CONTEXT_HEADER);
  if (typeof content !== 'object' || content === null) return {};
  const { order_id, request_id } = content as Record<keyof LogContext, unknown>;
  return {
    ...(typeof order_id === 'string' && { order_id }),
    ...(typeof request_id === 'string' && { request_id }),
  };
}

/**
 * The content of a header; `undefined` if the header is missing or cannot be read. Headers are not encrypted. A person
 * who starts a run by hand may write anything into them.
 */
function contentOf(headers: Headers, name: string): unknown {
  const payload = headers[name];
  if (!payload) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}
