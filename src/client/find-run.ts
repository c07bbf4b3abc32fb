import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { searchAttributes } from '../contract/runs.ts';
import type { orderCreation } from '../workflows/order-creation.ts';
import { OrderNotFoundError } from './errors.ts';
import { requestDeadline } from '../temporal/temporal-calls.ts';
import type { TemporalCalls } from '../temporal/temporal-calls.ts';

/** A run of `orderCreation`. */
export type Handle = WorkflowHandle<typeof orderCreation>;

/** A run, and what the server says of it. */
export interface DescribedRun {
  handle: Handle;
  description: WorkflowExecutionDescription;
}

/**
 * The latest run that speaks for the key: one that was refused because the key is another checkout's does not.
 *
 * @throws WorkflowNotFoundError @throws {OrderNotFoundError}
 */
export async function findDecidingRun(client: Client, calls: TemporalCalls, workflowId: string): Promise<DescribedRun> {
  const latest = await describeRun(client, calls, workflowId);
  const { failureCode } = searchAttributes;
  if (latest.description.typedSearchAttributes.get(failureCode) !== 'IdempotencyKeyReused') return latest;
  const runId = await calls.by(requestDeadline(), async () => {
    const others = client.workflow.list({
      query: `WorkflowId = "${workflowId}" AND (${failureCode.name} IS NULL OR ${failureCode.name} != "IdempotencyKeyReused")`,
      pageSize: 1,
    });
    for await (const run of others) return run.runId;
    return undefined;
  });
  // The first one is gone with Temporal's retention, and a refusal is no word on it.
  if (runId === undefined) throw new OrderNotFoundError('No order creation is known under this idempotency key.');
  return await describeRun(client, calls, workflowId, runId);
}

/** The run with that id, or the latest of the workflow. @throws WorkflowNotFoundError */
export async function describeRun(
  client: Client,
  calls: TemporalCalls,
  workflowId: string,
  runId?: string,
): Promise<DescribedRun> {
  const asked = client.workflow.getHandle<typeof orderCreation>(workflowId, runId);
  const description = await calls.by(requestDeadline(), () => asked.describe());
  return { handle: client.workflow.getHandle<typeof orderCreation>(workflowId, description.runId), description };
}
