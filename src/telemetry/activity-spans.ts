import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { markFailed, withRemoteSpan } from './spans.ts';
import { placeInHeaders } from './run-headers.ts';

/**
 * A span for each attempt of an activity, in the trace of its run. A run that was started without one has none; the
 * attempt then begins a trace of its own.
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

/** Under the names that the OpenTelemetry interceptors of Temporal's SDKs use, where they have one. */
function attemptOf({ workflowExecution, activityId, attempt }: Info): Attributes {
  return {
    ...(workflowExecution && { temporalWorkflowId: workflowExecution.workflowId, run_id: workflowExecution.runId }),
    temporalActivityId: activityId,
    'cooco.attempt': attempt,
  };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of the order that an activity was given or found out, wherever in it that stands. Nothing else is looked at. */
function orderIn(value: unknown): Attributes {
  if (typeof value !== 'object' || value === null) return {};
  const { order_id, standing, result } = value as { order_id?: unknown; standing?: unknown; result?: unknown };
  if (typeof order_id === 'string' && uuid.test(order_id)) return { 'cooco.order_id': order_id };
  return { ...orderIn(standing), ...orderIn(result) };
}

/** A failure's own type, which is a `FailureCode`, else the name of the error. */
function failureType(error: unknown): string {
  if (error instanceof ApplicationFailure && error.type != null) return error.type;
  return error instanceof Error ? error.name : typeof error;
}
