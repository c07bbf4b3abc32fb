import { ApplicationFailure } from '@temporalio/common';
import type { FailureCode } from '../domain/failures.ts';
import { orderCreationWorkflowId } from '../contract/runs.ts';
import type { StoredOrder } from '../domain/order.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { currentRunId } from './current-run.ts';
import { TEMPORAL_UNAVAILABLE, requireActivity } from './application-failures.ts';
import type { OrderRuns } from './order-runs.ts';

/**
 * Settles an order whose run may have ended without it (docs/decisions/0019-orders-that-a-dead-worker-left.md). If a
 * worker dies right after writing an order, the run does not know about the order, and may fail. The order then stays
 * as it was written. A run that knows about its order changes the order before it ends, so only an unchanged order is
 * settled here. An order from an older backup of Directus may be unchanged, too.
 *
 * @returns the order. Its status is `FAILED` or `CANCELLED` if the run that wrote it has ended so.
 * @throws ApplicationFailure `TemporalUnavailable` if Temporal does not say how that run ended. It can be tried again.
 * @throws {DirectusError}
 */
export async function settleLeftOrder(
  order: StoredOrder,
  { orders, runs }: { orders: OrdersStore; runs: Pick<OrderRuns, 'findFailure'> },
): Promise<StoredOrder> {
  const { idempotency_key, workflow_run_id } = order;
  if (!isAsWritten(order) || workflow_run_id === null || workflow_run_id === currentRunId()) return order;
  const run = { workflowId: orderCreationWorkflowId(idempotency_key), runId: workflow_run_id };
  const code = await runs.findFailure(run, { askedBy: currentRunId() }).catch(() => {
    const message = 'Temporal did not say how the run ended that wrote the order.';
    throw ApplicationFailure.create({ type: TEMPORAL_UNAVAILABLE, message });
  });
  return code === null ? order : await endLeftOrder(order, code, orders);
}

/** Whether this run wrote the order but does not know about it. Then nothing was sent to RideNDine. */
export function isLeftByThisRun(order: StoredOrder): boolean {
  return isAsWritten(order) && order.workflow_run_id === currentRunId();
}

const LEFT = 'A worker died right after writing the order, and its run then failed.';
const cancelled = { status: 'CANCELLED', failureCode: null, failureReason: null } as const;

/**
 * Ends an order that is still as its run wrote it, with the failure code of that run.
 *
 * @throws ApplicationFailure in a local attempt, or if somebody has changed the order meanwhile. It can be tried again.
 * @throws {DirectusError}
 */
export async function endLeftOrder(
  { id, workflow_run_id }: StoredOrder,
  failureCode: FailureCode,
  orders: OrdersStore,
): Promise<StoredOrder> {
  requireActivity();
  const ended = await orders.changeStatus(id, {
    ...(failureCode === 'OrderCancelled' ? cancelled : { status: 'FAILED', failureCode, failureReason: LEFT }),
    onlyAsWrittenBy: workflow_run_id ?? undefined,
  });
  if (ended) return ended;
  const message = 'Somebody changed the order in the meantime. It is read again.';
  throw ApplicationFailure.create({ type: 'DirectusUnavailable', message });
}

function isAsWritten({ status, date_updated }: StoredOrder): boolean {
  return status === 'PENDING_PAYMENT' && date_updated === null;
}
