import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { OrderRuns } from '../activities/order-runs.ts';
import { isFailureCode } from '../domain/failures.ts';
import type { FailureCode } from '../domain/failures.ts';
import { RESOLVE_REVIEW_UPDATE } from '../contract/updates.ts';
import type { ReviewDecision } from '../contract/updates.ts';
import { ORDER_CREATION_WORKFLOW, orderCreationStart, searchAttributes } from '../contract/runs.ts';
import { refusalIn } from '../operators/refusal.ts';
import { ifFound } from '../temporal/temporal-failures.ts';
import { stopAttempts } from './stop-attempts.ts';

/** For all requests of `findFailure`. The attempt that calls it has 12 s, and has asked Directus before. */
const TIMEOUT_MS = 5000;
/** Less than the 3 minutes of an attempt, and more than the two minutes that a run gives the writes of a decision. */
const DECIDED_WITHIN_MS = 150_000;

/** The runs of `orderCreation` on a Temporal server. */
export function createOrderRuns(client: Client): OrderRuns {
  return {
    async continueOrder({ idempotencyKey, ...about }) {
      try {
        await client.workflow.start(ORDER_CREATION_WORKFLOW, {
          ...orderCreationStart({ idempotency_key: idempotencyKey, continue_order: true }, about),
          workflowIdConflictPolicy: 'FAIL',
          // Even after a run that succeeded: what counts is the order in Directus, which may come from a backup.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        });
        return 'started';
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'is open';
        throw error;
      }
    },

    findFailure: ({ workflowId, runId }, { askedBy }) =>
      client.withDeadline(Date.now() + TIMEOUT_MS, async () => {
        const failed = await readFailure(client.workflow.getHandle(workflowId, runId));
        if (failed === null) return null;
        for await (const other of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
          const isLater = ![runId, askedBy].includes(other.runId) && other.startTime >= failed.startTime;
          // A later run that failed or was cancelled has written its end on the order, or has not touched the order.
          if (isLater && !['FAILED', 'CANCELLED'].includes(other.status.name)) return null;
        }
        return failed.code;
      }),

    async decide({ workflowId, runId }, decision, decisionId) {
      const handle = client.workflow.getHandle(workflowId, runId);
      const update = { args: [decision] as [ReviewDecision], updateId: decisionId };
      try {
        await client.withDeadline(Date.now() + DECIDED_WITHIN_MS, () =>
          handle.executeUpdate<void, [ReviewDecision]>(RESOLVE_REVIEW_UPDATE, update),
        );
        return null;
      } catch (error) {
        const refusal = refusalIn(error);
        return typeof refusal === 'string' ? 'It is no longer in review: its run has ended.' : refusal.reason;
      }
    },

    stopAttempts: (run, activityType) => stopAttempts(client, run, activityType),

    async requestCancellation({ workflowId, runId }) {
      await client.workflow.getHandle(workflowId, runId).cancel();
    },
  };
}

/** The code with which a run ended without an order by its own decision, and its start; `null` if it did not. */
async function readFailure(handle: WorkflowHandle): Promise<{ code: FailureCode; startTime: Date } | null> {
  const run = await ifFound(handle.describe());
  // A run that fails or is cancelled by its own decision enters the stage of that name first. If a bug or a person
  // ended the run, its stage is an earlier one.
  if (run === undefined || run.status.name !== run.typedSearchAttributes.get(searchAttributes.stage)) return null;
  const { startTime } = run;
  if (run.status.name === 'CANCELLED') return { code: 'OrderCancelled', startTime };
  const code = run.typedSearchAttributes.get(searchAttributes.failureCode);
  // With `OrderNeedsReview` the run has left the order to somebody else.
  if (!isFailureCode(code) || code === 'OrderNeedsReview') return null;
  return { code, startTime };
}
