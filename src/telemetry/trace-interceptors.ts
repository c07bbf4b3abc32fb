import { ApplicationFailure, defaultPayloadConverter, TemporalFailure } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { ContinueAsNew, proxySinks, workflowInfo } from '@temporalio/workflow';
import type { Sinks, WorkflowInterceptors } from '@temporalio/workflow';
import type { RunSpan } from './run-span.ts';
import { TRACE_HEADER, isSampled, traceparentOf } from './trace-context.ts';
import type { TraceContext } from './trace-context.ts';
import { placeInHeaders } from './run-headers.ts';

/** What a worker does with the runs that have ended, if it is told to trace. */
export interface TraceSinks extends Sinks {
  traces: { addRun(run: RunSpan): void };
}

/**
 * Hands a run's place in a trace on to its activities, and tells the worker of the run when it has ended. It acts only on
 * a run whose start says that it belongs to a trace, commands nothing, and takes nothing from the workflow's random
 * numbers: a history is replayed with it or without.
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
            // Anything else fails the task, not the run: Temporal will have it tried again.
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

/** Of a step: it belongs below the run. */
function withPlace(headers: Headers, { traceId, traceFlags }: TraceContext): Headers {
  const content = { traceparent: traceparentOf({ traceId, spanId: ownSpanId(), traceFlags }) };
  return { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(content) };
}

/** The same at every replay, and no other run's: the end of the run's id is random. */
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
