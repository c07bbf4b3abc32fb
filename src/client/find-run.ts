import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { LINK_CORRECTION_WORKFLOW } from '../domain/link-correction.ts';
import { ORDER_CREATION_WORKFLOW, searchAttributes } from '../domain/order-creation.ts';
import type { orderCreation } from '../workflows/order-creation.ts';
import { OrderNotFoundError } from './errors.ts';
import { requestDeadline } from './temporal-calls.ts';
import type { TemporalCalls } from './temporal-calls.ts';

/** A run of `orderCreation`. */
export type Handle = WorkflowHandle<typeof orderCreation>;

/** A run, and what the server says of it. */
export interface DescribedRun {
  handle: Handle;
  description: WorkflowExecutionDescription;
}

const { failureCode } = searchAttributes;

/**
 * Which runs speak for their key, in a visibility query: of an order one that was not refused because the key is another
 * checkout's, and of a correction one that has completed.
 */
export const SPEAKS_FOR_KEY =
  `(${failureCode.name} IS NULL OR ${failureCode.name} != "IdempotencyKeyReused") AND (WorkflowType = "${ORDER_CREATION_WORKFLOW}" ` +
  `OR (WorkflowType = "${LINK_CORRECTION_WORKFLOW}" AND ExecutionStatus = "Completed"))`;

/** The same of one run. */
export function speaksForKey({ type, status, typedSearchAttributes }: WorkflowExecutionDescription): boolean {
  if (type === LINK_CORRECTION_WORKFLOW) return status.name === 'COMPLETED';
  return typedSearchAttributes.get(failureCode) !== 'IdempotencyKeyReused';
}

/**
 * The latest run that speaks for the key.
 *
 * @throws WorkflowNotFoundError @throws {OrderNotFoundError}
 */
export async function findDecidingRun(client: Client, calls: TemporalCalls, workflowId: string): Promise<DescribedRun> {
  const latest = await describeRun(client, calls, workflowId);
  if (speaksForKey(latest.description)) return latest;
  const runId = await calls.by(requestDeadline(), async () => {
    // What is searched may lag behind what is known of the latest.
    const isOther = `WorkflowId = "${workflowId}" AND RunId != "${latest.description.runId}"`;
    const others = client.workflow.list({ query: `${isOther} AND ${SPEAKS_FOR_KEY}`, pageSize: 1 });
    for await (const run of others) return run.runId;
    return undefined;
  });
  // The first one is gone with Temporal's retention, and the latest is no word on it.
  if (runId === undefined) throw new OrderNotFoundError('No order creation is known under this idempotency key.');
  return await describeRun(client, calls, workflowId, runId);
}

/** The run with that id, or the latest of the workflow. @throws WorkflowNotFoundError */
async function describeRun(
  client: Client,
  calls: TemporalCalls,
  workflowId: string,
  runId?: string,
): Promise<DescribedRun> {
  const asked = client.workflow.getHandle<typeof orderCreation>(workflowId, runId);
  const description = await calls.by(requestDeadline(), () => asked.describe());
  return { handle: client.workflow.getHandle<typeof orderCreation>(workflowId, description.runId), description };
}
