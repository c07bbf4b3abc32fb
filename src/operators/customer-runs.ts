import { searchAttributes } from '../contract/runs.ts';
import { grpcAnswers, grpcCodeOf } from '../temporal/temporal-failures.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import { listAllRuns, quoted } from './find-run.ts';
import type { OrderRun } from './find-run.ts';

/** Every run of the customer's orders, whether or not it is a deciding run. @throws {TemporalAccessError} */
export function listRunsOfCustomer(temporal: TemporalAccess, customerId: string): Promise<OrderRun[]> {
  const ids = [...new Set([customerId, customerId.toLowerCase()])].map(quoted).join(', ');
  return listAllRuns(temporal, `${searchAttributes.customerId.name} IN (${ids})`);
}

/** Deletes an ended run and its history. It may be deleted already, or being deleted. @throws {TemporalAccessError} */
export async function deleteRun(
  { ask, connection, settings: { namespace } }: TemporalAccess,
  { workflowId, runId }: OrderRun,
): Promise<void> {
  const workflowExecution = { workflowId, runId };
  await ask(async () => {
    try {
      await connection.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    } catch (error) {
      const code = grpcCodeOf(error);
      if (code !== grpcAnswers.notFound && code !== grpcAnswers.failedPrecondition) throw error;
    }
  });
}
