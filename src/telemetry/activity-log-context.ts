import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { LogContext } from '../contract/runs.ts';
import { logContextInHeaders } from './run-headers.ts';

/** The log lines of a step say of which run it is, which order it is about and which request began it, as far as its run knows. */
export function activityLogContext({ info }: Context): ActivityInterceptors {
  let context: LogContext = {};
  const runId = info.workflowExecution?.runId;
  return {
    inbound: {
      execute(input, next) {
        context = logContextInHeaders(input.headers);
        return next(input);
      },
    },
    outbound: { getLogAttributes: (input, next) => ({ ...next(input), runId, ...context }) },
  };
}
