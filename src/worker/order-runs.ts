import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { OrderRuns } from '../activities/order-runs.ts';
import { isFailureCode } from '../domain/failure-codes.ts';
import { ORDER_CREATION_WORKFLOW, orderCreationStart, searchAttributes } from '../domain/order-creation.ts';

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

    async findDecision({ workflowId, runId }) {
      const run = await client.workflow
        .getHandle(workflowId, runId)
        .describe()
        .catch((error: unknown) => {
          if (error instanceof WorkflowNotFoundError) return undefined;
          throw error;
        });
      if (run?.status.name === 'CANCELLED') return { status: 'CANCELLED', code: null };
      if (run?.status.name !== 'FAILED') return null;
      const code = run.typedSearchAttributes.get(searchAttributes.failureCode);
      return { status: 'FAILED', code: isFailureCode(code) ? code : null };
    },

    async requestCancellation({ workflowId, runId }) {
      await client.workflow.getHandle(workflowId, runId).cancel();
    },
  };
}
