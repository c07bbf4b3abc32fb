import { log, metricMeter, workflowInfo } from '@temporalio/workflow';
import type { FailureCode } from '../domain/failures.ts';
import { count, observeSeconds } from '../telemetry/metrics.ts';
import type { OrderCreationStage } from '../contract/runs.ts';
import { outcomeOf } from '../telemetry/order-outcome.ts';

/**
 * Metrics and the last log line of a run. A replay neither counts nor logs anything a second time, and nothing here
 * adds a command to the workflow's history.
 *
 * @returns a function to call when the run enters a stage, with the code of the failure that led there, if one did.
 */
export function startMeasurements(): (stage: OrderCreationStage, code: FailureCode | undefined) => void {
  // Includes the wait for a worker, because the customer waits for that, too.
  const startMs = workflowInfo().runStartTime.getTime();
  let current: { stage: OrderCreationStage; sinceMs: number } = { stage: 'VALIDATING', sinceMs: startMs };
  return (stage, code) => {
    const { stage: left, sinceMs } = current;
    const nowMs = Date.now();
    current = { stage, sinceMs: nowMs };
    observeSeconds(metricMeter, 'stageDuration', { stage: left }, (nowMs - sinceMs) / 1000);
    if (stage === 'NEEDS_REVIEW') count(metricMeter, 'reviewsOpened', { code: code ?? 'none' });
    const outcome = outcomeOf(stage, { left, code });
    if (outcome === undefined) return;
    const seconds = (nowMs - startMs) / 1000;
    count(metricMeter, 'orders', { outcome, code: code ?? 'none' });
    observeSeconds(metricMeter, 'orderDuration', { outcome }, seconds);
    log[outcome === 'failed' ? 'warn' : 'info']('order ended', { outcome, code, seconds });
  };
}
