import { ORDER_CREATION_STATE_QUERY } from '../contract/runs.ts';
import type { OrderCreationState } from '../contract/runs.ts';
import type { DescribedRun } from './find-run.ts';
import type { OrderInProgress, OrderView } from './order-view.ts';
import { isOpen, progressOf } from './run-progress.ts';
import { readResult } from './run-result.ts';
import { requestDeadline } from '../temporal/temporal-calls.ts';
import type { TemporalCalls } from '../temporal/temporal-calls.ts';
import { failureOf } from './run-failures.ts';

/** How long to wait for a worker's answer. A worker that runs answers within milliseconds. */
const QUERY_TIMEOUT_MS = 1000;

/** How a run stands. Its failure is part of the view. */
export async function readOrderView(calls: TemporalCalls, run: DescribedRun): Promise<OrderView> {
  return isOpen(run.description) ? await viewOfOpen(calls, run) : await viewOfClosed(calls, run);
}

/**
 * No search attribute has the payment session. So a worker is asked for the payment session once the search attributes
 * have RideNDine's order id. If no worker answers, the view has none.
 */
async function viewOfOpen(calls: TemporalCalls, { handle, description }: DescribedRun): Promise<OrderInProgress> {
  const progress = progressOf(description);
  if (progress.ridendine_order_id === undefined) return progress;
  try {
    const { payment_session_id } = await calls.by(Date.now() + QUERY_TIMEOUT_MS, () =>
      handle.query<OrderCreationState>(ORDER_CREATION_STATE_QUERY),
    );
    return { ...progress, ...(typeof payment_session_id === 'string' && { payment_session_id }) };
  } catch {
    return progress;
  }
}

async function viewOfClosed(calls: TemporalCalls, { handle, description }: DescribedRun): Promise<OrderView> {
  try {
    const { replayed: _replayed, ...result } = readResult(await calls.by(requestDeadline(), () => handle.result()));
    return { state: 'SUCCEEDED', stage: 'LINKED', ...result };
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    const { state: _open, failure: _code, payment_session_id: _none, ...known } = progressOf(description);
    const { code, message: detail, usedBy } = failure;
    return { ...known, state: 'FAILED', failure: { code, detail, ...(usedBy && { used_by: usedBy }) } };
  }
}
