import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import {
  BULK_DECISION_STATE_QUERY,
  BULK_DECISION_WORKFLOW,
  bulkDecisionWorkflowId,
} from '../contract/bulk-decision.ts';
import type { BulkDecision, BulkDecisionState, DecisionForMany } from '../contract/bulk-decision.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../contract/runs.ts';
import { countOrderWorkers } from '../temporal/order-workers.ts';
import { untilDeadline } from '../temporal/temporal-access.ts';
import type { TemporalAccess } from '../temporal/temporal-access.ts';
import type { OrderRun } from './find-run.ts';
import { answered, isSilent } from './answered.ts';
import { listRunsInReview } from './find-run.ts';
import { OperatorError } from './operator-error.ts';
import { nameOf, sentId } from './send-update.ts';
import { requireReadable } from './unreadable-run.ts';

type Carry = (bulk: BulkDecision) => Promise<BulkDecisionState>;

/**
 * Starts the workflow that carries out one decision on these orders in review. The workflow goes on without the caller.
 * If there is a bulk decision with this id already, nothing is started.
 *
 * @returns whether this call started the workflow.
 * @throws {OperatorError} `not sent`: no worker runs, or the workers have other keys; nothing is decided. `unanswered`:
 *   Temporal did not answer; the workflow may have been started.
 * @throws {TemporalAccessError}
 */
export async function startBulkDecision(
  temporal: TemporalAccess,
  { id, decision, runs, perSecond }: { id: string; decision: DecisionForMany; runs: OrderRun[]; perSecond: number },
): Promise<boolean> {
  if ((await countOrderWorkers(temporal)) === 0) {
    throw new OperatorError(
      'not sent',
      'No worker runs that could carry the decision out: start one, and decide again.',
    );
  }
  try {
    const start = () =>
      temporal.client.workflow.start<Carry>(BULK_DECISION_WORKFLOW, {
        workflowId: bulkDecisionWorkflowId(id),
        taskQueue: ORDER_CREATION_TASK_QUEUE,
        args: [
          {
            decision,
            runs: runs.map((run) => ({ workflow_id: run.workflowId, run_id: run.runId, order: nameOf(run) })),
            per_second: perSecond,
          },
        ],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: `Decide "${decision.decision}" about ${runs.length} orders in review`,
      });
    const { workflowId, firstExecutionRunId: runId } = await answered(
      temporal.ask(start),
      new OperatorError('unanswered', `Temporal has not answered: the decision ${id} may have been begun.`),
    );
    await requireReadable(temporal, { workflowId, runId });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

export interface BulkDecisionView extends BulkDecisionState {
  /** `stopped`: the workflow ended before all orders had their turn. */
  progress: 'under way' | 'done' | 'stopped';
}

interface WatchOptions {
  deadline?: number;
  stopWaiting?: AbortSignal;
  onChange?: (view: BulkDecisionView) => void;
}

const LOOK_AGAIN_MS = 500;
/** For the answer to the query, which a worker gives. The worker may be busy with the orders. */
const STATE_TIMEOUT_MS = 10_000;

/**
 * Waits until a bulk decision has ended, `deadline` (milliseconds since 1970) has come or `stopWaiting` is aborted.
 *
 * @param options.onChange is called at first, and whenever there is progress.
 * @throws {OperatorError} Temporal knows no bulk decision with this id.
 * @throws {TemporalAccessError} Temporal or the workers do not answer. The bulk decision goes on all the same.
 */
export async function watchBulkDecision(
  temporal: TemporalAccess,
  id: string,
  { deadline = Infinity, stopWaiting, onChange = () => {} }: WatchOptions = {},
): Promise<BulkDecisionView> {
  let last: BulkDecisionView | undefined;
  for (;;) {
    const view = await lookAtBulkDecision(temporal, id);
    if (view.left !== last?.left || view.progress !== last.progress) onChange(view);
    last = view;
    if (view.progress !== 'under way' || stopWaiting?.aborted || Date.now() + LOOK_AGAIN_MS > deadline) return view;
    await delay(LOOK_AGAIN_MS);
  }
}

async function lookAtBulkDecision({ ask, client }: TemporalAccess, id: string): Promise<BulkDecisionView> {
  const handle = client.workflow.getHandle<Carry>(bulkDecisionWorkflowId(id));
  try {
    const { status } = await ask(() => handle.describe());
    const state = await ask(() => handle.query<BulkDecisionState>(BULK_DECISION_STATE_QUERY), STATE_TIMEOUT_MS);
    const isOpen = status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
    return { ...state, progress: state.left === 0 ? 'done' : isOpen ? 'under way' : 'stopped' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw new OperatorError('unknown order', `Temporal knows no decision about many orders by "${id}".`);
    }
    throw error;
  }
}

/** How far a bulk decision has come when the operator gets an answer. */
export interface BulkDecisionOutcome {
  id: string;
  /** `undefined` if Temporal or the workers did not answer in time. */
  view: BulkDecisionView | undefined;
  /** Orders that were not in review, and stay unchanged. Empty unless this call started the bulk decision. */
  notInReview: string[];
}

export interface ManyToDecide {
  /** The sender's id of the request: the same request with the same id is the same bulk decision. */
  id: string;
  decision: DecisionForMany;
  orderIds: string[];
  waitMs: number;
  /** Aborted once nobody waits for the outcome. */
  stopWaiting: AbortSignal;
}

/** How long it may take to find the orders and to start the workflow, before the wait for the outcome begins. */
const BEGUN_WITHIN_MS = 10_000;

/**
 * Decides about those of the orders that are in review. Waits for the outcome, but at most `bulk.waitMs`.
 *
 * @throws {OperatorError} as {@link startBulkDecision}; or none of the orders is in review, so nothing was decided.
 * @throws {TemporalAccessError} Temporal could not be asked. The workflow may have been started by then.
 */
export async function decideAboutMany(
  access: TemporalAccess,
  bulk: ManyToDecide & { perSecond: number },
): Promise<BulkDecisionOutcome> {
  const { decision, orderIds, perSecond, waitMs, stopWaiting } = bulk;
  // The sender's id alone is not enough: with another decision or other orders, this is another bulk decision.
  const id = sentId(bulk.id, [decision, orderIds.toSorted()]);
  const temporal = untilDeadline(access, Date.now() + BEGUN_WITHIN_MS + waitMs);
  const runs = await listRunsInReview(temporal, { orderIds });
  const isNew = runs.length > 0 && (await startBulkDecision(temporal, { id, decision, runs, perSecond }));
  const found = new Set(runs.map(({ orderId }) => orderId));
  const notInReview = isNew ? orderIds.filter((orderId) => !found.has(orderId)) : [];
  try {
    const view = await watchBulkDecision(temporal, id, { deadline: Date.now() + waitMs, stopWaiting });
    return { id, view, notInReview };
  } catch (error) {
    if (runs.length > 0 && isSilent(error)) return { id, view: undefined, notInReview };
    if (!(error instanceof OperatorError) || error.outcome !== 'unknown order') throw error;
    throw new OperatorError('refused', 'None of these orders is in review. Nothing was decided.');
  }
}
