import type { WorkflowExecutionDescription } from '@temporalio/client';
import { isFailureCode } from '../domain/failures.ts';
import { orderCreationStages, searchAttributes } from '../contract/runs.ts';
import type { OrderCreationStage } from '../contract/runs.ts';
import type { OrderInProgress } from './order-view.ts';

/** Whether the run is open. A run that an operator has paused in Temporal is open, too. */
export function isOpen({ status }: WorkflowExecutionDescription): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED';
}

/** How far an open run has come, by its search attributes: reading them needs no worker. */
export function progressOf({ typedSearchAttributes }: WorkflowExecutionDescription): OrderInProgress {
  const orderId = typedSearchAttributes.get(searchAttributes.orderId);
  const ridendineOrderId = typedSearchAttributes.get(searchAttributes.ridendineOrderId);
  const stage = typedSearchAttributes.get(searchAttributes.stage);
  const code = typedSearchAttributes.get(searchAttributes.failureCode);
  return {
    state: 'IN_PROGRESS',
    stage: isStage(stage) ? stage : 'VALIDATING',
    ...(orderId !== undefined && { order_id: orderId }),
    ...(ridendineOrderId !== undefined && { ridendine_order_id: ridendineOrderId }),
    ...(isFailureCode(code) && { failure: { code } }),
  };
}

/** A person may set a search attribute to anything. */
function isStage(text: unknown): text is OrderCreationStage {
  return (orderCreationStages as readonly unknown[]).includes(text);
}
