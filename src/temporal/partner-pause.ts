import type { ConnectionLike } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToDate } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { z } from 'zod';
import { PARTNER_PAUSE_MEMO, PARTNER_PAUSE_WORKFLOW_ID } from '../contract/partner-pause.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { grpcAnswers, grpcCodeOf } from './temporal-failures.ts';

const { WORKFLOW_EXECUTION_STATUS_RUNNING } = proto.temporal.api.enums.v1.WorkflowExecutionStatus;

/** The run that pauses the calls to RideNDine, before it is decrypted. */
export interface OpenPause {
  runId: string;
  since: Date;
  memo: temporal.api.common.v1.IPayload | undefined;
}

/** @returns `null` if calls to RideNDine are not paused. @throws what the SDK throws. */
export async function findPause(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<OpenPause | null> {
  try {
    const { workflowExecutionInfo: run } = await workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId: PARTNER_PAUSE_WORKFLOW_ID },
    });
    if (run?.status !== WORKFLOW_EXECUTION_STATUS_RUNNING || !run.startTime) return null;
    return {
      runId: run.execution?.runId ?? '',
      since: tsToDate(run.startTime),
      memo: run.memo?.fields?.[PARTNER_PAUSE_MEMO] ?? undefined,
    };
  } catch (error) {
    if (grpcCodeOf(error) === grpcAnswers.notFound) return null;
    throw error;
  }
}

const memoSchema = z.object({ actor: z.string(), reason: z.string(), for_ms: z.int().positive().optional() });

/**
 * What is known of a pause. Calls are paused also if the key that it was encrypted with is gone, or if somebody has
 * started the run by hand: then it is not known by whom.
 */
export async function pauseIn({ since, memo }: OpenPause, dataConverter: LoadedDataConverter): Promise<PartnerPause> {
  const [wanted] = await decodeArrayFromPayloads(dataConverter, memo && [memo]).catch(() => []);
  const { data } = memoSchema.safeParse(wanted);
  if (!data) return { since: since.toISOString() };
  const { actor, reason, for_ms } = data;
  const until = for_ms === undefined ? {} : { until: new Date(since.getTime() + for_ms).toISOString() };
  return { since: since.toISOString(), ...until, by: { actor, reason } };
}
