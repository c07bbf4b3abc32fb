import type { UnfinishedOrder } from '../integrations/directus/orders-store.ts';

/** The runs of `orderCreation`. */
export interface OrderRuns {
  /** Starts a run for an order, unless one is open. Temporal decides, so that asking twice at once does no harm. */
  continueOrder(order: UnfinishedOrder): Promise<'started' | 'is open'>;

  /** Asks Temporal to cancel a run. One that was asked before, or is closed, is left as it is. */
  requestCancellation(run: { workflowId: string; runId: string }): Promise<void>;
}
