import type { ReviewDecision } from './updates.ts';

/** The workflow that carries out one decision about many orders in review, and the query that tells how far it is. */
export const BULK_DECISION_WORKFLOW = 'bulkDecision';
export const BULK_DECISION_STATE_QUERY = 'bulkDecisionState';

/** @param id new for each decision: sent again with the same id, it is the same decision. */
export function bulkDecisionWorkflowId(id: string): string {
  return `bulk-decision-${id}`;
}

/** What can be decided about many orders: each links to ids of its own. */
export type DecisionForMany = Exclude<ReviewDecision, { decision: 'link' }>;
export const decisionsForMany = ['retry', 'abandon'] as const satisfies readonly DecisionForMany['decision'][];

/** Of one bulk decision: the input of its workflow has to stay far below the 2 MB that Temporal takes. */
export const MOST_ORDERS_AT_ONCE = 2000;

/** The default of `BULK_DECISIONS_PER_SECOND`. */
export const DECISIONS_PER_SECOND = 5;
export const MOST_DECISIONS_PER_SECOND = 50;

/** A run of `orderCreation` that was in review when the decision was made. */
export interface RunInReview {
  workflow_id: string;
  run_id: string;
  /** What people call the order. */
  order: string;
}

export interface BulkDecision {
  decision: DecisionForMany;
  runs: RunInReview[];
  /** At most so many orders are decided in a second. */
  per_second: number;
  /** Where a long one has come to. */
  so_far?: Omit<BulkDecisionState, 'left'>;
}

/** Answer of the query `bulkDecisionState`, and the workflow's result. */
export interface BulkDecisionState {
  /** How many orders the decision was carried out on. */
  decided: number;
  /** Orders on which it was not, and why. */
  refused: RefusedOrder[];
  /** How many orders have not had their turn. */
  left: number;
}

export interface RefusedOrder {
  order: string;
  /** A sentence for whoever decided. */
  reason: string;
}
