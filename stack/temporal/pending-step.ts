import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { withTemporal } from './temporal-connection.ts';

/** Which step of a run is being tried in vain, and why, as one line for a person; `undefined` while none fails. */
export async function pendingStep(temporal: TemporalSettings, workflowId: string): Promise<string | undefined> {
  const { namespace } = temporal;
  const { pendingActivities } = await withTemporal(temporal, ({ workflowService }) =>
    workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
  );
  const failing = pendingActivities.find(({ lastFailure }) => lastFailure);
  if (!failing) return undefined;
  const { activityType, attempt, lastFailure } = failing;
  return `${activityType?.name ?? 'a step'}, attempt ${attempt ?? 1}: ${lastFailure?.message ?? 'it failed'}`;
}
