import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DECISION_REFUSED } from '../contract/updates.ts';

/** Why an order's run did not carry out what an update asked for. */
export type Refusal =
  /** The run had ended before the update arrived. */
  | 'run ended'
  /** The run ended before it had carried out the update. */
  | 'run ended meanwhile'
  /** The run refused the update. `reason` says why, in a sentence. */
  | { reason: string };

/** @param error that an update failed with. It is thrown again if it tells no refusal. */
export function refusalIn(error: unknown): Refusal {
  if (error instanceof WorkflowNotFoundError) return 'run ended';
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  const { cause } = error;
  return cause instanceof ApplicationFailure && cause.type === DECISION_REFUSED
    ? { reason: cause.message }
    : 'run ended meanwhile';
}
