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
 * Begins to carry a decision out on these orders in review: it goes on by itself. Begun before with the same id, it is
 * left as it is.
 *
 * @returns whether it was begun now.
 * @throws {OperatorError} no worker runs, or they have other keys: nothing is decided.
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
  /** Whether it goes on; `stopped`: somebody ended it before all orders had their turn. */
  progress: 'under way' | 'done' | 'stopped';
}

interface WatchOptions {
  deadline?: number;
  stopWaiting?: AbortSignal;
  onChange?: (view: BulkDecisionView) => void;
}

const LOOK_AGAIN_MS = 500;
/** An answer of the workflow itself: a worker may be busy with the orders. */
const STATE_TIMEOUT_MS = 10_000;

/**
 * Waits for the end of a bulk decision, or until `deadline` (milliseconds since 1970), or as long as anybody waits.
 *
 * @param options.onChange is told whenever it has gone on.
 * @throws {OperatorError} there is none with this id.
 * @throws {TemporalAccessError} Temporal or the workers do not answer; it goes on all the same.
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

/** What came of a decision about many orders by the time that whoever decided gets an answer. */
export interface BulkDecisionOutcome {
  id: string;
  /** How far it is; nothing where no worker answers just now. */
  view: BulkDecisionView | undefined;
  /** Orders that are not in review: they are left as they are. Told to whoever began it. */
  notInReview: string[];
}

export interface ManyToDecide {
  /** By which the sender knows the request again: the same request with the same id is the same decision. */
  id: string;
  decision: DecisionForMany;
  orderIds: string[];
  waitMs: number;
  /** Aborted once nobody waits for what comes of it. */
  stopWaiting: AbortSignal;
}

/** To find the orders and to begin, before anybody waits for what comes of it. */
const BEGUN_WITHIN_MS = 10_000;

/**
 * Decides about those of these orders that are in review, and waits for what comes of it, but not for long.
 *
 * @throws {OperatorError} none is in review, or no worker runs: nothing was decided.
 * @throws {TemporalAccessError} before anything was sent.
 */
export async function decideAboutMany(
  access: TemporalAccess,
  bulk: ManyToDecide & { perSecond: number },
): Promise<BulkDecisionOutcome> {
  const { decision, orderIds, perSecond, waitMs, stopWaiting } = bulk;
  // With another decision or other orders it is another one.
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
