import { log, metricMeter, workflowInfo } from '@temporalio/workflow';
import type { FailureCode } from '../domain/failures.ts';
import { count, observeSeconds } from '../telemetry/metrics.ts';
import type { OrderCreationStage } from '../contract/runs.ts';
import { outcomeOf } from '../telemetry/order-outcome.ts';

/**
 * Metrics and the last log line of a run. What is replayed is neither counted nor logged a second time, and none of it
 * is a command of the workflow.
 */
export interface Measurements {
  /** @param code what the stage is about, if it is about a failure. */
  enter(stage: OrderCreationStage, code: FailureCode | undefined): void;
}

export function startMeasurements(): Measurements {
  // With the wait for a worker, which the customer waits for, too.
  const startMs = workflowInfo().runStartTime.getTime();
  let current: { stage: OrderCreationStage; sinceMs: number } = { stage: 'VALIDATING', sinceMs: startMs };
  return {
    enter(stage, code) {
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
    },
  };
}
