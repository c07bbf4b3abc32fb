import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { createEncryptionCodec } from '../../src/temporal/encryption-codec.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { failureReason } from '../../src/temporal/failure-reason.ts';
import { withTemporal } from './temporal-connection.ts';

/** Which step of a run is being tried in vain, and why, as one line for a person; `undefined` while none fails. */
export async function pendingStep(options: {
  temporal: TemporalSettings;
  encryptionKeys: string;
  workflowId: string;
}): Promise<string | undefined> {
  const { temporal, encryptionKeys, workflowId } = options;
  const { namespace } = temporal;
  const { pendingActivities } = await withTemporal(temporal, ({ workflowService }) =>
    workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
  );
  const failing = pendingActivities.find(({ lastFailure }) => lastFailure);
  if (!failing?.lastFailure) return undefined;
  const { activityType, attempt, lastFailure } = failing;
  const reason = await failureReason(lastFailure, createEncryptionCodec(parseEncryptionKeys(encryptionKeys)));
  return `${activityType?.name ?? 'a step'}, attempt ${attempt ?? 1}: ${reason}`;
}
