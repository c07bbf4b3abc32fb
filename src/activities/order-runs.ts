import type { DecisionForMany } from '../contract/bulk-decision.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { UnfinishedOrder } from '../integrations/directus/order-rows.ts';

/** The ids by which Temporal knows a run. */
export interface RunIds {
  workflowId: string;
  runId: string;
}

/** The runs of `orderCreation`. */
export interface OrderRuns {
  /** Starts a run for an order that has no open run. Temporal checks that, so two requests at once do no harm. */
  continueOrder(order: UnfinishedOrder): Promise<'started' | 'is open'>;

  /**
   * The code with which a run failed; `OrderCancelled` if the run was cancelled. `null` if the run is open, did not
   * fail, was lost or left the order to somebody else (`OrderNeedsReview`), or if a later run may have sent the order.
   *
   * @param options.askedBy the id of the run that asks. It does not count as a later run.
   */
  findFailure(run: RunIds, options: { askedBy: string }): Promise<FailureCode | null>;

  /**
   * Pauses a pending activity, so that no further attempt begins. Waits for an attempt that is under way, until the
   * time of that attempt is over.
   *
   * @returns what is known of the attempts then; `null` if the activity is not pending; `'unstoppable'` if the server
   *   does not pause it.
   */
  stopAttempts(run: RunIds, activityType: string): Promise<StoppedAttempts | 'unstoppable' | null>;

  /**
   * Carries a decision out on the run of an order in review. Several calls with one `decisionId` carry it out once.
   *
   * @returns why the run did not take the decision; `null` if it did.
   */
  decide(run: RunIds, decision: DecisionForMany, decisionId: string): Promise<string | null>;

  /** Asks Temporal to cancel a run. A run that was asked before, or is closed, stays as it is. */
  requestCancellation(run: RunIds): Promise<void>;
}

export interface StoppedAttempts {
  /** The number of the attempt that would be next. */
  nextAttempt: number;
  /** Whether no attempt has ever begun. */
  isFirst: boolean;
  /** An attempt is under way whose time is over. Its worker is gone, and nothing will be heard of the attempt. */
  isLost?: true;
  /** What the last attempts left, or anybody else who may write to the namespace. */
  heartbeatDetails?: unknown;
  /** The heartbeat details cannot be decoded. */
  unreadable?: true;
}
