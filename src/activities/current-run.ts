import { activityInfo } from '@temporalio/activity';

/** The run on whose behalf the activity works. */
export function currentRun(): { workflowId: string; runId: string } {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('The activity was started without a workflow.');
  return workflowExecution;
}

export function currentRunId(): string {
  return currentRun().runId;
}
