import { activityInfo } from '@temporalio/activity';
import type { RunIds } from './order-runs.ts';

/** The run on whose behalf the activity works. */
export function currentRun(): RunIds {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('The activity was started without a workflow.');
  return workflowExecution;
}

export function currentRunId(): string {
  return currentRun().runId;
}
