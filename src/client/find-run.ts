import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { orderCreation } from '../workflows/order-creation.ts';
import { OrderNotFoundError } from './errors.ts';
import { DECIDING_RUNS, isDecidingRun } from '../temporal/deciding-run.ts';
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
 * The latest run that decides what is answered for the key (`DECIDING_RUNS`).
 *
 * @throws WorkflowNotFoundError @throws {OrderNotFoundError}
 */
export async function findDecidingRun(client: Client, calls: TemporalCalls, workflowId: string): Promise<DescribedRun> {
  const latest = await describeRun(client, calls, workflowId);
  if (isDecidingRun(latest.description)) return latest;
  const runId = await calls.by(requestDeadline(), async () => {
    // The latest run is excluded: the search may lag behind, and still count it among the deciding runs.
    const isOther = `WorkflowId = "${workflowId}" AND RunId != "${latest.description.runId}"`;
    const others = client.workflow.list({ query: `${isOther} AND ${DECIDING_RUNS}`, pageSize: 1 });
    for await (const run of others) return run.runId;
    return undefined;
  });
  // Temporal no longer has the run that decided (retention), and the latest run does not tell how that run ended.
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
