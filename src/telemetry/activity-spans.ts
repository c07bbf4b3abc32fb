import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { markFailed, withRemoteSpan } from './spans.ts';
import { placeInHeaders } from './run-headers.ts';

/**
 * Makes a span for each attempt of an activity, in the trace of its run. If the run was started without a trace, each
 * attempt begins a trace of its own.
 */
export const activitySpans: ActivityInterceptorsFactory = ({ info }) => {
  const tracer = trace.getTracer('cooco-order-creation');
  let traceId: string | undefined;
  return {
    inbound: {
      async execute(input, next) {
        const parent = withRemoteSpan(ROOT_CONTEXT, placeInHeaders(input.headers));
        const span = tracer.startSpan(
          `RunActivity:${info.activityType}`,
          { kind: SpanKind.CONSUMER, attributes: { ...attemptOf(info), ...orderIn(input.args[0]) } },
          parent,
        );
        ({ traceId } = span.spanContext());
        try {
          const result = await context.with(trace.setSpan(parent, span), () => next(input));
          span.setAttributes(orderIn(result));
          return result;
        } catch (error) {
          markFailed(span, failureType(error));
          throw error;
        } finally {
          span.end();
        }
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next(traceId === undefined ? input : { ...input, trace_id: traceId }),
    },
  };
};

/** Attributes of an attempt. Where the OpenTelemetry interceptors of Temporal's SDKs have a name, it is used. */
function attemptOf({ workflowExecution, activityId, attempt }: Info): Attributes {
  return {
    ...(workflowExecution && { temporalWorkflowId: workflowExecution.workflowId, run_id: workflowExecution.runId }),
    temporalActivityId: activityId,
    'cooco.attempt': attempt,
  };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Takes only the order's id from an activity's input or result: at the top, or below `standing` or `result`. */
function orderIn(value: unknown): Attributes {
  if (typeof value !== 'object' || value === null) return {};
  const { order_id, standing, result } = value as { order_id?: unknown; standing?: unknown; result?: unknown };
  if (typeof order_id === 'string' && uuid.test(order_id)) return { 'cooco.order_id': order_id };
  return { ...orderIn(standing), ...orderIn(result) };
}

/** The type of a failure of ours, which is a `FailureCode`. For any other error, its name. */
function failureType(error: unknown): string {
  if (error instanceof ApplicationFailure && error.type != null) return error.type;
  return error instanceof Error ? error.name : typeof error;
}
