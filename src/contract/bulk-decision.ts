import type { ReviewDecision } from './updates.ts';

/** The workflow that carries out one decision about many orders in review, and the query that tells how far it is. */
export const BULK_DECISION_WORKFLOW = 'bulkDecision';
export const BULK_DECISION_STATE_QUERY = 'bulkDecisionState';

/** @param id new for each decision. A repeated request with the same id is the same decision. */
export function bulkDecisionWorkflowId(id: string): string {
  return `bulk-decision-${id}`;
}

/** What can be decided about many orders at once. `link` cannot, because each order has its own ids. */
export type DecisionForMany = Exclude<ReviewDecision, { decision: 'link' }>;
export const decisionsForMany = ['retry', 'abandon'] as const satisfies readonly DecisionForMany['decision'][];

/** Most orders in one bulk decision. The workflow's input must stay far below Temporal's limit of 2 MB. */
export const MOST_ORDERS_AT_ONCE = 2000;

/** The default of `BULK_DECISIONS_PER_SECOND`. */
export const DECISIONS_PER_SECOND = 5;
export const MOST_DECISIONS_PER_SECOND = 50;

/** A run of `orderCreation` that was in review when the decision was made. */
export interface RunInReview {
  workflow_id: string;
  run_id: string;
  /** The order's id; the workflow id if the order's id is not known. */
  order: string;
}

export interface BulkDecision {
  decision: DecisionForMany;
  runs: RunInReview[];
  /** How many orders are decided in a second at most. */
  per_second: number;
  /** What earlier runs have done, if a long bulk decision continues as a new run. */
  so_far?: Omit<BulkDecisionState, 'left'>;
}

/** Answer of the query `bulkDecisionState`, and the workflow's result. */
export interface BulkDecisionState {
  /** How many orders the decision was carried out on. */
  decided: number;
  /** Orders on which the decision was not carried out, and why. */
  refused: RefusedOrder[];
  /** How many orders have not had their turn. */
  left: number;
}

export interface RefusedOrder {
  order: string;
  /** A sentence for the operator who decided. */
  reason: string;
}
