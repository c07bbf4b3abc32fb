import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DECISION_REFUSED } from '../contract/updates.ts';

/** Why an order's run did not carry out what an update asked for. */
export type Refusal =
  /** It had ended before. */
  | 'run ended'
  /** It ended before the update was carried out. */
  | 'run ended meanwhile'
  /** Why, in a sentence. */
  | { reason: string };

/** @param error of an update; one that tells no refusal is thrown. */
export function refusalIn(error: unknown): Refusal {
  if (error instanceof WorkflowNotFoundError) return 'run ended';
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  const { cause } = error;
  return cause instanceof ApplicationFailure && cause.type === DECISION_REFUSED
    ? { reason: cause.message }
    : 'run ended meanwhile';
}
