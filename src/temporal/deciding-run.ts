import type { WorkflowExecutionDescription } from '@temporalio/client';
import { LINK_CORRECTION_WORKFLOW } from '../contract/correction.ts';
import { ORDER_CREATION_WORKFLOW, searchAttributes } from '../contract/runs.ts';

const { failureCode } = searchAttributes;

/**
 * A visibility query for the runs that decide what is answered for their key: every run of `orderCreation`, except one
 * that was refused because the key belongs to another checkout, and every completed run of `linkCorrection`.
 */
export const DECIDING_RUNS =
  `(${failureCode.name} IS NULL OR ${failureCode.name} != "IdempotencyKeyReused") AND (WorkflowType = "${ORDER_CREATION_WORKFLOW}" ` +
  `OR (WorkflowType = "${LINK_CORRECTION_WORKFLOW}" AND ExecutionStatus = "Completed"))`;

/** Whether one run matches {@link DECIDING_RUNS}. */
export function isDecidingRun({ type, status, typedSearchAttributes }: WorkflowExecutionDescription): boolean {
  if (type === LINK_CORRECTION_WORKFLOW) return status.name === 'COMPLETED';
  return typedSearchAttributes.get(failureCode) !== 'IdempotencyKeyReused';
}
