import { activityInfo } from '@temporalio/activity';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import type { OrderRuns } from './order-runs.ts';
import { currentRunId } from './run-id.ts';

export function createRequestCancellation({
  runs,
}: {
  runs: Pick<OrderRuns, 'requestCancellation'>;
}): OrderCreationActivities['requestCancellation'] {
  return async () => {
    const runId = currentRunId();
    await runs.requestCancellation({ workflowId: activityInfo().workflowExecution?.workflowId ?? '', runId });
  };
}
