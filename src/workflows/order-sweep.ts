import { ApplicationFailure, continueAsNew, log, metricMeter, proxyActivities } from '@temporalio/workflow';
import type { OrderSweepActivities } from '../activities/continue-lost-orders.ts';
import { count, setGauge } from '../telemetry/metrics.ts';
import { sweepRetries } from './policies.ts';

const { continueLostOrders } = proxyActivities<OrderSweepActivities>({
  ...sweepRetries,
  summary: 'Continue orders without an open run',
});

/** After this many pages the sweep continues as a new run, so that no run's history becomes long. */
const PAGES_A_RUN = 500;

export interface OrderSweep {
  /** Younger orders are left alone: their own runs are still at work. */
  older_than_ms: number;
  /** How far a long sweep has come, if this run continues one. */
  so_far?: OrderSweepResult & { created_before: string };
}

export interface OrderSweepResult {
  /** Unfinished orders that were found. Most of them have an open run. */
  unfinished: number;
  /** Orders for which a run was started. */
  continued: number;
  /** Orders for which no run could be started; the next sweep tries again. */
  failed: number;
}

/**
 * Finds the orders that are unfinished in Directus and have no open run, and starts a run for each. The run of such an
 * order was terminated or lost, or Temporal's retention has removed it. Two sweeps at once do no harm, because Temporal
 * allows one open run for an order.
 *
 * @throws ApplicationFailure `InputInvalid` without a valid age.
 */
export async function orderSweep(sweep: OrderSweep): Promise<OrderSweepResult> {
  requireAge(sweep);
  const { older_than_ms, so_far } = sweep;
  const created_before = so_far?.created_before ?? new Date(Date.now() - older_than_ms).toISOString();
  let { unfinished, continued, failed } = so_far ?? { unfinished: 0, continued: 0, failed: 0 };
  for (let pages = 0; pages < PAGES_A_RUN; pages += 1) {
    const page = await nextPage({ created_before, skip: unfinished });
    unfinished += page.unfinished;
    continued += page.continued;
    failed += page.failed;
    if (page.is_last) return completed({ unfinished, continued, failed });
  }
  return await continueAsNew<typeof orderSweep>({
    older_than_ms,
    so_far: { created_before, unfinished, continued, failed },
  });
}

async function nextPage(page: { created_before: string; skip: number }) {
  try {
    const { unfinished, continued, failed, is_last } = await continueLostOrders(page);
    count(metricMeter, 'sweptOrders', { result: 'continued' }, continued);
    count(metricMeter, 'sweptOrders', { result: 'failed' }, failed);
    return { unfinished, continued, failed, is_last };
  } catch (error) {
    count(metricMeter, 'sweeps', { outcome: 'failed' });
    log.error('sweep failed');
    throw error;
  }
}

function completed(result: OrderSweepResult): OrderSweepResult {
  count(metricMeter, 'sweeps', { outcome: 'completed' });
  setGauge(metricMeter, 'lastSweep', Date.now() / 1000);
  log[result.failed > 0 ? 'warn' : 'info']('sweep completed', { ...result });
  return result;
}

/** An operator may start a sweep by hand, with any input. */
function requireAge(input: Partial<OrderSweep> | null | undefined): void {
  const age = input?.older_than_ms;
  if (typeof age === 'number' && age >= 0 && Number.isSafeInteger(age)) return;
  throw ApplicationFailure.nonRetryable('Start it with {"older_than_ms": 600000}, or another age.', 'InputInvalid');
}
