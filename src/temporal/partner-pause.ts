import type { ConnectionLike } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToDate } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { z } from 'zod';
import { PARTNER_PAUSE_MEMO, PARTNER_PAUSE_WORKFLOW_ID } from '../contract/partner-pause.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { ifFound } from './temporal-failures.ts';

const { WORKFLOW_EXECUTION_STATUS_RUNNING } = proto.temporal.api.enums.v1.WorkflowExecutionStatus;

/** The run that pauses the calls to RideNDine. Its memo is not decrypted yet. */
export interface OpenPause {
  runId: string;
  since: Date;
  memo: temporal.api.common.v1.IPayload | undefined;
}

/** @returns the open pause; `null` if calls to RideNDine are not paused. @throws what the SDK throws. */
export async function findPause(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<OpenPause | null> {
  const execution = { workflowId: PARTNER_PAUSE_WORKFLOW_ID };
  const found = await ifFound(workflowService.describeWorkflowExecution({ namespace, execution }));
  const run = found?.workflowExecutionInfo;
  if (run?.status !== WORKFLOW_EXECUTION_STATUS_RUNNING || !run.startTime) return null;
  return {
    runId: run.execution?.runId ?? '',
    since: tsToDate(run.startTime),
    memo: run.memo?.fields?.[PARTNER_PAUSE_MEMO] ?? undefined,
  };
}

const memoSchema = z.object({ actor: z.string(), reason: z.string(), for_ms: z.int().positive().optional() });

/**
 * What is known of a pause. If the encryption key of its memo is gone, or if a person started the run by hand without a
 * usable memo, calls are paused all the same. The result then has no `by`.
 */
export async function pauseIn({ since, memo }: OpenPause, dataConverter: LoadedDataConverter): Promise<PartnerPause> {
  const [wanted] = await decodeArrayFromPayloads(dataConverter, memo && [memo]).catch(() => []);
  const { data } = memoSchema.safeParse(wanted);
  if (!data) return { since: since.toISOString() };
  const { actor, reason, for_ms } = data;
  const until = for_ms === undefined ? {} : { until: new Date(since.getTime() + for_ms).toISOString() };
  return { since: since.toISOString(), ...until, by: { actor, reason } };
}
