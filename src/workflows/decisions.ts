import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { DECISION_REFUSED } from '../contract/updates.ts';
import type { SupportAction } from '../domain/support-action.ts';

/**
 * Makes the support action that is stored on the order.
 *
 * @param updateId of the update that brought the decision. A reset repeats the update with the same id, so that the
 *   order stores the action once.
 */
export function supportAction(
  action: SupportAction['action'],
  { actor, reason }: { actor: string; reason: string },
  updateId: string | undefined,
): SupportAction {
  return { id: updateId ?? workflowInfo().runId, at: new Date().toISOString(), actor, action, reason };
}

/** @param reason tells support staff why the decision is not taken, and what they can do. */
export function refuseDecision(reason: string): never {
  const refusal = ApplicationFailure.nonRetryable(reason, DECISION_REFUSED);
  // The operator is shown the whole failure, and a call stack would not help an operator.
  refusal.stack = '';
  throw refusal;
}
