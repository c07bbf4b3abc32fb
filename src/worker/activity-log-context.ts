import type { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { LOG_CONTEXT_HEADER } from '../domain/order-creation.ts';
import type { LogContext } from '../domain/order-creation.ts';

/** The log lines of a step say of which run it is, which order it is about and which request began it, as far as its run knows. */
export function activityLogContext({ info }: Context): ActivityInterceptors {
  let context: LogContext = {};
  const runId = info.workflowExecution?.runId;
  return {
    inbound: {
      execute(input, next) {
        const header = input.headers[LOG_CONTEXT_HEADER];
        // A run of an older version sends none.
        if (header) context = defaultPayloadConverter.fromPayload(header);
        return next(input);
      },
    },
    outbound: { getLogAttributes: (input, next) => ({ ...next(input), runId, ...context }) },
  };
}
