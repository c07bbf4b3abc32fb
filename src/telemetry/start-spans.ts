import { context, isSpanContextValid, SpanKind, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { TRACEPARENT_MEMO } from '../contract/runs.ts';
import { TRACE_HEADER, traceContext, traceparentOf } from './trace-context.ts';
import { markFailed, withRemoteSpan } from './spans.ts';

/**
 * Tells a run its place in the trace of whoever starts it: the active span's, if the program uses OpenTelemetry, else
 * that of the `traceparent` it was told. Where there is neither, nothing is added. The span that it makes is nothing
 * without an SDK, and none is installed here.
 */
export const startSpans: WorkflowClientInterceptor = {
  async startWithDetails(input, next) {
    const { workflowType, options, headers } = input;
    const span = trace.getTracer('@cooco/order-creation-client').startSpan(
      `StartWorkflow:${workflowType}`,
      // Nobody waits for what it starts: the two ends of a queue.
      { kind: SpanKind.PRODUCER, attributes: { temporalWorkflowId: options.workflowId } },
      callersContext(options.memo),
    );
    const place = span.spanContext();
    const content = isSpanContextValid(place) && { traceparent: traceparentOf(place) };
    try {
      const started = await next({
        ...input,
        headers: { ...headers, ...(content && { [TRACE_HEADER]: defaultPayloadConverter.toPayload(content) }) },
      });
      span.setAttribute('run_id', started.runId);
      return started;
    } catch (error) {
      // Not its message: nobody knows what a server writes there. That a run is there already is no error.
      const type = error instanceof Error ? error.name : typeof error;
      if (error instanceof WorkflowExecutionAlreadyStartedError) span.setAttribute('error.type', type);
      else markFailed(span, type);
      throw error;
    } finally {
      span.end();
    }
  },
};

function callersContext(memo: Record<string, unknown> | undefined): Context {
  const active = context.active();
  const span = trace.getSpanContext(active);
  if (span && isSpanContextValid(span)) return active;
  return withRemoteSpan(active, traceContext(memo?.[TRACEPARENT_MEMO]));
}
