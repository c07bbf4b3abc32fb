import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { OrderRuns } from '../activities/order-runs.ts';
import { ORDER_CREATION_WORKFLOW, orderCreationStart } from '../domain/order-creation.ts';

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

    async requestCancellation({ workflowId, runId }) {
      await client.workflow.getHandle(workflowId, runId).cancel();
    },
  };
}
