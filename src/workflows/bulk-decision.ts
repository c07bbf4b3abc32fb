import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { BulkDecisionActivities } from '../activities/decide-order.ts';
import { BULK_DECISION_STATE_QUERY, MOST_DECISIONS_PER_SECOND, decisionsForMany } from '../contract/bulk-decision.ts';
import type { BulkDecision, BulkDecisionState, RunInReview } from '../contract/bulk-decision.ts';
import { faultsOfReviewDecision } from '../contract/updates.ts';
import { inCell, verbatim } from './markdown.ts';
import { bulkDecisionRetries } from './policies.ts';

const { decideOrder } = proxyActivities<BulkDecisionActivities>({
  ...bulkDecisionRetries,
  summary: 'Decide about one order',
});

const bulkDecisionState = defineQuery<BulkDecisionState>(BULK_DECISION_STATE_QUERY);

/**
 * While this many decisions are under way, the next orders wait. So a few slow orders do not hold up the others, and
 * the decisions do not take the activity slots that the runs in review need for their own writes.
 */
const MOST_UNDER_WAY = 20;

const NOT_KNOWN = 'Whether the decision was carried out is not known. Look at the order.';

/**
 * Carries out one decision on many orders in review, at most `per_second` orders each second, so that RideNDine is not
 * flooded after it was down. An order that cannot take the decision stays as it is, and the result says why. A request
 * to cancel stops the run before the next orders; what was decided stays decided.
 *
 * @throws ApplicationFailure `InputInvalid` if the input is not a bulk decision.
 */
export async function bulkDecision(bulk: BulkDecision): Promise<BulkDecisionState> {
  requireBulkDecision(bulk);
  const { decision, per_second, runs } = bulk;
  let state: BulkDecisionState = { decided: 0, refused: [], ...bulk.so_far, left: runs.length };
  const show = () => setCurrentDetails(details(bulk, state));
  setHandler(bulkDecisionState, () => state);
  show();
  let begun = 0;
  let underWay = 0;
  const decideNext = async (run: RunInReview) => {
    underWay += 1;
    const reason = await CancellationScope.nonCancellable(() => decide(run, decision));
    underWay -= 1;
    state =
      reason === null
        ? { ...state, decided: state.decided + 1, left: state.left - 1 }
        : { ...state, refused: [...state.refused, { order: run.order, reason }], left: state.left - 1 };
    show();
  };
  const untilDone = () => CancellationScope.nonCancellable(() => condition(() => underWay === 0));
  try {
    while (begun < runs.length) {
      const some = runs.slice(begun, begun + per_second);
      begun += some.length;
      // Not awaited, so that a slow order does not hold up the next. `untilDone` waits for all decisions at the end.
      for (const run of some) void decideNext(run);
      if (begun < runs.length) await sleep('1 s');
      await condition(() => underWay < MOST_UNDER_WAY);
      if (workflowInfo().continueAsNewSuggested && begun < runs.length) {
        await untilDone();
        const { left: _left, ...so_far } = state;
        return await continueAsNew<typeof bulkDecision>({ ...bulk, runs: runs.slice(begun), so_far });
      }
    }
  } finally {
    await untilDone();
  }
  return state;
}

/** @returns why the decision was not carried out; `null` if it was. */
async function decide(run: RunInReview, decision: BulkDecision['decision']): Promise<string | null> {
  const { workflow_id, run_id } = run;
  try {
    return (await decideOrder({ workflow_id, run_id, decision })).refusal;
  } catch {
    // All attempts of the activity failed; the history shows why. The run goes on with the other orders.
    return NOT_KNOWN;
  }
}

function details({ decision }: BulkDecision, { decided, refused, left }: BulkDecisionState): string {
  const all = decided + refused.length + left;
  return [
    `### ${left > 0 ? `${all - left} of ${all} orders` : `Done: ${all} orders`}`,
    '',
    `- ${verbatim(decision.decision)} by ${verbatim(decision.actor)}: ${verbatim(decision.reason)}`,
    `- ${decided} decided, ${refused.length} refused, ${left} left`,
    ...(left > 0 ? ['', '_Request Cancellation_ stops it before the next orders.'] : []),
    ...(refused.length > 0 ? ['', '| order | why not |', '| --- | --- |'] : []),
    ...refused.slice(0, MOST_SHOWN).map(({ order, reason }) => `| ${verbatim(order)} | ${inCell(reason)} |`),
    ...(refused.length > MOST_SHOWN ? ['', `and ${refused.length - MOST_SHOWN} more, in the result.`] : []),
  ].join('\n');
}

const MOST_SHOWN = 50;

/** An operator may start this workflow by hand, with any input. */
function requireBulkDecision(input: Partial<BulkDecision> | null | undefined): void {
  const { decision, runs, per_second } = input ?? {};
  const faults = faultsOfReviewDecision(decision);
  if (decision && !decisionsForMany.some((name) => name === decision.decision)) {
    faults.push(`"decision" has to be one of ${decisionsForMany.map((name) => `"${name}"`).join(' and ')}.`);
  }
  if (!Array.isArray(runs) || !runs.every(isRun)) {
    faults.push('"runs" has to be a list of runs, each with "workflow_id", "run_id" and "order".');
  }
  if (!Number.isSafeInteger(per_second) || Number(per_second) < 1 || Number(per_second) > MOST_DECISIONS_PER_SECOND) {
    faults.push(`"per_second" has to be a whole number from 1 to ${MOST_DECISIONS_PER_SECOND}.`);
  }
  if (faults.length > 0) throw ApplicationFailure.nonRetryable(faults.join(' '), 'InputInvalid');
}

function isRun(run: Partial<RunInReview> | null | undefined): boolean {
  return [run?.workflow_id, run?.run_id, run?.order].every((id) => typeof id === 'string' && id !== '');
}
