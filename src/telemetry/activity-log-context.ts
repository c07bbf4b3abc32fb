import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { LogContext } from '../contract/runs.ts';
import { logContextInHeaders } from './run-headers.ts';

/**
 * Adds to the log lines of an activity the id of its run and, as far as the run knows them, the id of the order and of
 * the request that began the run.
 */
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
