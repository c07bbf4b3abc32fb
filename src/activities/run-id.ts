import { activityInfo } from '@temporalio/activity';

/** The run on whose behalf the activity works. */
export function currentRunId(): string {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('The activity was started without a workflow.');
  return workflowExecution.runId;
}
