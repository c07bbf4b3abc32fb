import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { LOG_CONTEXT_HEADER } from '../contract/runs.ts';
import type { LogContext } from '../contract/runs.ts';
import { TRACE_HEADER, traceContextIn } from './trace-context.ts';
import type { TraceContext } from './trace-context.ts';

/** The place in a trace that a run or a step was told, if it was told one. */
export function placeInHeaders(headers: Headers): TraceContext | undefined {
  return traceContextIn(contentOf(headers, TRACE_HEADER));
}

/** What a step was told for its log lines. Somebody else may have written anything there. */
export function logContextInHeaders(headers: Headers): LogContext {
  const content = contentOf(headers, LOG_CONTEXT_HEADER);
  if (typeof content !== 'object' || content === null) return {};
  const { order_id, request_id } = content as Record<keyof LogContext, unknown>;
  return {
    ...(typeof order_id === 'string' && { order_id }),
    ...(typeof request_id === 'string' && { request_id }),
  };
}

/** Headers are not encrypted. Somebody who starts a run by hand may write anything there. */
function contentOf(headers: Headers, name: string): unknown {
  const payload = headers[name];
  if (!payload) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}
