import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { DECISION_REFUSED } from '../contract/updates.ts';
import type { SupportAction } from '../domain/support-action.ts';

/**
 * What somebody has done, as the order keeps it.
 *
 * @param updateId of the update by which they did it: the same after a reset, which repeats the update.
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
  // Whoever decides gets to see all of it.
  refusal.stack = '';
  throw refusal;
}
