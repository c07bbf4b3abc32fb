import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { LOG_CONTEXT_HEADER, REQUEST_ID_MEMO, searchAttributes } from '../contract/runs.ts';
import type { LogContext } from '../contract/runs.ts';

/** Every log line of a run says which order it is about and which request began it, and those of its steps do, too. */
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
