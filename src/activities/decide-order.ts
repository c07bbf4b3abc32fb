import type { DecisionForMany } from '../contract/bulk-decision.ts';
import { currentRun } from './current-run.ts';
import type { OrderRuns } from './order-runs.ts';

/** The step of `bulkDecision`, as the workflow calls it and the worker offers it. */
export interface BulkDecisionActivities {
  /**
   * Carries a decision out on one order in review. Several attempts carry it out only once.
   *
   * @returns why the order did not take the decision; `null` if it did.
   */
  decideOrder(input: {
    workflow_id: string;
    run_id: string;
    decision: DecisionForMany;
  }): Promise<{ refusal: string | null }>;
}

export function decideOrderWith({ runs }: { runs: Pick<OrderRuns, 'decide'> }): BulkDecisionActivities['decideOrder'] {
  return async ({ workflow_id, run_id, decision }) => {
    // The workflow id is the same in all attempts, and in all runs by which a long bulk decision continues.
    const decisionId = currentRun().workflowId;
    return { refusal: await runs.decide({ workflowId: workflow_id, runId: run_id }, decision, decisionId) };
  };
}
