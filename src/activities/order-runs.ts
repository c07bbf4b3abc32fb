import type { FailureCode } from '../domain/failure-codes.ts';
import type { UnfinishedOrder } from '../integrations/directus/orders-store.ts';

/** The runs of `orderCreation`. */
export interface OrderRuns {
  /** Starts a run for an order, unless one is open. Temporal decides, so that asking twice at once does no harm. */
  continueOrder(order: UnfinishedOrder): Promise<'started' | 'is open'>;

  /** `null` unless it was by its own decision that nothing comes of the order: a run that was lost made none. */
  findDecision(run: { workflowId: string; runId: string }): Promise<RunDecision | null>;

  /** Asks Temporal to cancel a run. One that was asked before, or is closed, is left as it is. */
  requestCancellation(run: { workflowId: string; runId: string }): Promise<void>;
}

/** How a run has ended an order. */
export type RunDecision = { status: 'CANCELLED'; code: null } | { status: 'FAILED'; code: FailureCode | null };
