import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { OrderRuns, RunEnd } from '../activities/order-runs.ts';
import { isFailureCode } from '../domain/failure-codes.ts';
import { ORDER_CREATION_WORKFLOW, orderCreationStart, searchAttributes } from '../domain/order-creation.ts';
import { stopAttempts } from './stop-attempts.ts';

/** An attempt has 12 s, and has asked Directus before. */
const TIMEOUT_MS = 5000;

/** The runs of `orderCreation` on a Temporal server. */
export function createOrderRuns(client: Client): OrderRuns {
  return {
    async continueOrder({ idempotencyKey, ...about }) {
      try {
        await client.workflow.start(ORDER_CREATION_WORKFLOW, {
          ...orderCreationStart({ idempotency_key: idempotencyKey, continue_order: true }, about),
          workflowIdConflictPolicy: 'FAIL',
          // Even after a run that succeeded: what Directus says of the order counts, and it may come from a backup.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        });
        return 'started';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'is open';
        throw error;
      }
    },

    findEnd: ({ workflowId, runId }, { askedBy }) =>
      client.withDeadline(Date.now() + TIMEOUT_MS, async () => {
        const end = await readEnd(client.workflow.getHandle(workflowId, runId));
        if (end === null) return null;
        for await (const other of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
          const isLater = ![runId, askedBy].includes(other.runId) && other.startTime >= end.startTime;
          // One that has failed or was cancelled has told the order, or has done nothing with it.
          if (isLater && !['FAILED', 'CANCELLED'].includes(other.status.name)) return null;
        }
        return end.end;
      }),

    stopAttempts: (run, activityType) => stopAttempts(client, run, activityType),

    async requestCancellation({ workflowId, runId }) {
      await client.workflow.getHandle(workflowId, runId).cancel();
    },
  };
}

/** What a run says of its own end. One that somebody else has ended says nothing. */
async function readEnd(handle: WorkflowHandle): Promise<{ end: RunEnd; startTime: Date } | null> {
  const run = await handle.describe().catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  });
  if (run === undefined) return null;
  const { startTime, status, typedSearchAttributes } = run;
  const stage = typedSearchAttributes.get(searchAttributes.stage);
  if (stage !== status.name) return null;
  // Its order says so by itself, unless Directus comes from an older backup: cancelled is final then, too.
  if (stage === 'CANCELLED') return { startTime, end: { status: stage, failure_code: null } };
  const code = typedSearchAttributes.get(searchAttributes.failureCode);
  // With this one it has left the order to somebody else.
  if (stage !== 'FAILED' || !isFailureCode(code) || code === 'OrderNeedsReview') return null;
  return { startTime, end: { status: stage, failure_code: code } };
}
