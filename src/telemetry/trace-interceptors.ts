import { ApplicationFailure, defaultPayloadConverter, TemporalFailure } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { ContinueAsNew, proxySinks, workflowInfo } from '@temporalio/workflow';
import type { Sinks, WorkflowInterceptors } from '@temporalio/workflow';
import type { RunSpan } from './run-span.ts';
import { TRACE_HEADER, isSampled, traceparentOf } from './trace-context.ts';
import type { TraceContext } from './trace-context.ts';
import { placeInHeaders } from './run-headers.ts';

/** The sink by which a worker gets the spans of runs that have ended. */
export interface TraceSinks extends Sinks {
  traces: { addRun(run: RunSpan): void };
}

/**
 * Hands a run's place in a trace on to its activities, and reports the run to the worker when it has ended. Does this
 * only for a run that was started with a place in a trace. Makes no commands and uses none of the workflow's random
 * numbers, so a history can be replayed with these interceptors or without them.
 */
export function interceptors(): WorkflowInterceptors {
  let parent: TraceContext | undefined;
  return {
    inbound: [
      {
        async execute(input, next) {
          parent = placeInHeaders(input.headers);
          if (parent === undefined) return await next(input);
          try {
            const result = await next(input);
            report(parent);
            return result;
          } catch (error) {
            if (error instanceof ContinueAsNew) report(parent);
            // Any other error fails the workflow task, not the run. Temporal tries the task again.
            else if (error instanceof TemporalFailure) report(parent, typeOf(error));
            throw error;
          }
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          next(parent ? { ...input, headers: withPlace(input.headers, parent) } : input),
        scheduleLocalActivity: (input, next) =>
          next(parent ? { ...input, headers: withPlace(input.headers, parent) } : input),
        getLogAttributes(input, next) {
          return next(parent === undefined ? input : { ...input, trace_id: parent.traceId });
        },
      },
    ],
  };
}

/** Headers of an activity: the span of its run becomes the parent of its own. */
function withPlace(headers: Headers, { traceId, traceFlags }: TraceContext): Headers {
  const content = { traceparent: traceparentOf({ traceId, spanId: ownSpanId(), traceFlags }) };
  return { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(content) };
}

/** The id of the run's span, made of the random end of the run's id. It is unique, and the same at every replay. */
function ownSpanId(): string {
  return workflowInfo().runId.replaceAll('-', '').slice(-16);
}

function report({ traceId, spanId, traceFlags }: TraceContext, failure?: string): void {
  if (!isSampled({ traceFlags })) return;
  const { workflowType, workflowId, runId, runStartTime } = workflowInfo();
  proxySinks<TraceSinks>().traces.addRun({
    parent: { traceId, spanId, traceFlags },
    spanId: ownSpanId(),
    workflowType,
    workflowId,
    runId,
    startMs: runStartTime.getTime(),
    endMs: Date.now(),
    ...(failure !== undefined && { failure }),
  });
}

function typeOf(failure: TemporalFailure): string {
  return (failure instanceof ApplicationFailure ? failure.type : undefined) ?? failure.name;
}
