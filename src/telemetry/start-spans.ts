import { context, isSpanContextValid, SpanKind, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { TRACEPARENT_MEMO } from '../contract/runs.ts';
import { TRACE_HEADER, traceContext, traceparentOf } from './trace-context.ts';
import { markFailed, withRemoteSpan } from './spans.ts';

/**
 * Gives a run its place in the trace of the program that starts it. The place comes from the active span, if the
 * program uses OpenTelemetry, else from the `traceparent` in the run's memo. Without either, the run gets no place. The
 * span for the start is recorded only if the program has installed an OpenTelemetry SDK; this interceptor installs
 * none.
 */
export const startSpans: WorkflowClientInterceptor = {
  async startWithDetails(input, next) {
    const { workflowType, options, headers } = input;
    const span = trace.getTracer('@cooco/order-creation-client').startSpan(
      `StartWorkflow:${workflowType}`,
      // The start does not wait for the run: the two are the ends of a queue.
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
      // The message is not recorded: a server may write anything there. If the run exists already, the span is not
      // marked as failed.
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
