import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { LOG_CONTEXT_HEADER, REQUEST_ID_MEMO, searchAttributes } from '../contract/runs.ts';
import type { LogContext } from '../contract/runs.ts';

/**
 * Adds the id of the order, and of the request that began the run, to every log line of a run. Hands both on to the
 * run's activities, for their log lines.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      getLogAttributes: (input, next) => ({ ...next(input), ...logContext() }),
      scheduleActivity: (input, next) => next({ ...input, headers: withLogContext(input.headers) }),
      scheduleLocalActivity: (input, next) => next({ ...input, headers: withLogContext(input.headers) }),
    },
  ],
});

function withLogContext(headers: Headers): Headers {
  return { ...headers, [LOG_CONTEXT_HEADER]: defaultPayloadConverter.toPayload(logContext()) };
}

function logContext(): LogContext {
  const { memo, typedSearchAttributes } = workflowInfo();
  const orderId = typedSearchAttributes.get(searchAttributes.orderId);
  const requestId = memo?.[REQUEST_ID_MEMO];
  return {
    ...(orderId !== undefined && { order_id: orderId }),
    ...(typeof requestId === 'string' && { request_id: requestId }),
  };
}
