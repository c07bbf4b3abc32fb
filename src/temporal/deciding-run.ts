import type { WorkflowExecutionDescription } from '@temporalio/client';
import { LINK_CORRECTION_WORKFLOW } from '../contract/correction.ts';
import { ORDER_CREATION_WORKFLOW, searchAttributes } from '../contract/runs.ts';

const { failureCode } = searchAttributes;

/**
 * Which runs decide what is answered for their key, in a visibility query: of `orderCreation` one that was not refused
 * because the key belongs to another checkout, of `linkCorrection` one that has completed.
 */
export const DECIDING_RUNS =
  `(${failureCode.name} IS NULL OR ${failureCode.name} != "IdempotencyKeyReused") AND (WorkflowType = "${ORDER_CREATION_WORKFLOW}" ` +
  `OR (WorkflowType = "${LINK_CORRECTION_WORKFLOW}" AND ExecutionStatus = "Completed"))`;

/** The same of one run. */
export function isDecidingRun({ type, status, typedSearchAttributes }: WorkflowExecutionDescription): boolean {
  if (type === LINK_CORRECTION_WORKFLOW) return status.name === 'COMPLETED';
  return typedSearchAttributes.get(failureCode) !== 'IdempotencyKeyReused';
}
