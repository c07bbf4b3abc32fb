import type { DecisionForMany } from '../contract/bulk-decision.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { UnfinishedOrder } from '../integrations/directus/order-rows.ts';

/** The runs of `orderCreation`. */
export interface OrderRuns {
  /** Starts a run for an order, unless one is open. Temporal decides, so that asking twice at once does no harm. */
  continueOrder(order: UnfinishedOrder): Promise<'started' | 'is open'>;

  /**
   * The code with which a run failed; `OrderCancelled` if it was cancelled. `null` if the run is open, did not fail or was
   * lost, or if a later run may have sent the order.
   *
   * @param options.askedBy the run that asks does not count as a later one.
   */
  findFailure(run: { workflowId: string; runId: string }, options: { askedBy: string }): Promise<FailureCode | null>;

  /**
   * Has no further attempt of a pending activity begin, and waits while one is under way, until its time is over.
   *
   * @returns what is known of its attempts then; `null` if it is not pending, and `'unstoppable'` if the server can't hold
   *   an activity back.
   */
  stopAttempts(
    run: { workflowId: string; runId: string },
    activityType: string,
  ): Promise<StoppedAttempts | 'unstoppable' | null>;

  /**
   * Carries a decision out on the run of an order in review. With the same `decisionId` it is carried out once.
   *
   * @returns why the run did not take it; `null` if it did.
   */
  decide(
    run: { workflowId: string; runId: string },
    decision: DecisionForMany,
    decisionId: string,
  ): Promise<string | null>;

  /** Asks Temporal to cancel a run. One that was asked before, or is closed, is left as it is. */
  requestCancellation(run: { workflowId: string; runId: string }): Promise<void>;
}

export interface StoppedAttempts {
  /** The number of the attempt that would be next. */
  nextAttempt: number;
  /** No attempt was ever begun. */
  isFirst: boolean;
  /** One is under way whose time is over: its worker is gone, and nothing will be heard of it. */
  isLost?: true;
  /** What the last attempts have left; anybody who may write to the namespace may have. */
  heartbeatDetails?: unknown;
  /** They have left something that cannot be decoded. */
  unreadable?: true;
}
