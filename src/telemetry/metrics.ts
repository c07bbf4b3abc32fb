import type { MetricMeter, MetricTags } from '@temporalio/common';
import type { AttemptOutcome } from '../domain/failure-details.ts';
import { failures } from '../domain/failures.ts';
import { orderCreationStages } from '../contract/runs.ts';
import { orderOutcomes } from './order-outcome.ts';

// Each metric has the name under which programs record it; Prometheus shows it as `exposedName`. `labels` has each label
// with all its values. Text that a customer, a caller or the partner sends never becomes a value.
type Labels = Readonly<Record<string, readonly string[]>>;
const counter = <const Table extends Labels>(name: string, help: string, labels: Table) =>
  ({ kind: 'counter', name, help, labels }) as const;
const histogram = <const Table extends Labels>(name: string, help: string, labels: Table) =>
  ({ kind: 'histogram', name, help, labels }) as const;
const gauge = (name: string, help: string) => ({ kind: 'gauge', name, help, labels: {} }) as const;

const code = ['none', ...(Object.keys(failures) as (keyof typeof failures)[])] as const;

/** `created`: the partner has created the order, in this call or before. */
const attemptOutcomes = ['created', 'rejected', 'notSent', 'maybeSent'] as const satisfies readonly (
  AttemptOutcome | 'created'
)[];

/**
 * The metrics of a worker about orders, in addition to the metrics of the Temporal SDK. Durations are in seconds.
 * Dashboards and alerts of other people depend on the names: every renaming needs a line in the CHANGELOG.
 */
export const workerMetrics = {
  orders: counter('cooco_orders', 'Runs that have ended.', { outcome: orderOutcomes, code }),
  orderDuration: histogram('cooco_order', 'Duration of a run, waiting and retries included.', {
    outcome: orderOutcomes,
  }),
  stageDuration: histogram('cooco_order_stage', 'Time that a run was in a stage, waiting and retries included.', {
    stage: orderCreationStages,
  }),
  partnerAttempts: counter('cooco_partner_attempts', 'Calls to RideNDine.', { outcome: attemptOutcomes, code }),
  partnerAttemptDuration: histogram('cooco_partner_attempt', 'Duration of a call to RideNDine.', {
    outcome: attemptOutcomes,
  }),
  partnerPaused: gauge('cooco_partner_paused', '1 while calls to RideNDine are paused, as this worker knows, else 0.'),
  directusRequestDuration: histogram('cooco_directus_request', 'Duration of a call to Directus.', { code }),
  reviewsOpened: counter('cooco_reviews_opened', 'Orders that came into review.', { code }),
  reviewsDecided: counter('cooco_reviews_decided', 'Decisions that were carried out.', {
    decision: ['retry', 'link', 'abandon'],
  }),
  reviewsOverdue: counter(
    'cooco_reviews_overdue',
    'Reviews longer than REVIEW_WINDOW; a review may count again when it is decided.',
    {},
  ),
  ordersInReview: gauge('cooco_orders_in_review', 'Orders in review in Directus; NaN while Directus cannot be read.'),
  oldestOrderInReview: gauge(
    'cooco_orders_oldest_in_review_seconds',
    'How long the oldest order has been in review, at least; 0 if there is none, NaN if unknown.',
  ),
  reviewWindow: gauge('cooco_review_window_seconds', 'REVIEW_WINDOW.'),
  ordersUnlinked: gauge(
    'cooco_orders_unlinked',
    'Orders in Directus that are not linked, ended or in review; NaN while Directus cannot be read.',
  ),
  oldestUnlinkedOrder: gauge(
    'cooco_orders_oldest_unlinked_seconds',
    'Age of the oldest unlinked order; 0 if there is none, NaN while Directus cannot be read.',
  ),
  ordersReadable: gauge(
    'cooco_orders_readable',
    '1 if this worker last counted the orders in Directus successfully, else 0.',
  ),
  sweeps: counter('cooco_sweeps', 'Sweeps that have ended.', { outcome: ['completed', 'failed'] }),
  sweptOrders: counter('cooco_sweep_orders', 'Orders without a run that a sweep continued, or could not continue.', {
    result: ['continued', 'failed'],
  }),
  lastSweep: gauge(
    'cooco_sweep_last_completed_timestamp_seconds',
    'When this worker last completed a sweep, in Unix time.',
  ),
  sweepInterval: gauge('cooco_sweep_interval_seconds', 'How often a sweep is due. Absent if WORKER_SWEEP is off.'),
  workerStart: gauge('cooco_worker_start_timestamp_seconds', 'When this worker was started, in Unix time.'),
  eventLoopDelay: gauge(
    'cooco_worker_event_loop_delay_seconds',
    "99th percentile of the event loop's delay since the last reading.",
  ),
  residentMemory: gauge('cooco_worker_resident_memory_bytes', 'Resident memory of the worker.'),
} as const;

export type WorkerMetric = keyof typeof workerMetrics;
type NameOf<Kind extends (typeof workerMetrics)[WorkerMetric]['kind']> = {
  [Name in WorkerMetric]: (typeof workerMetrics)[Name]['kind'] extends Kind ? Name : never;
}[WorkerMetric];
type LabelsOf<Name extends WorkerMetric> = {
  [
    Label in keyof (typeof workerMetrics)[Name]['labels']
  ]: (typeof workerMetrics)[Name]['labels'][Label] extends readonly (infer Value)[] ? Value : never;
};

/** The unit of every histogram. The exporter adds it to the name of the histogram. */
const UNIT = 'seconds';

export function count<Name extends NameOf<'counter'>>(
  meter: MetricMeter,
  metric: Name,
  labels: LabelsOf<Name>,
  value = 1,
): void {
  const { name, help } = workerMetrics[metric];
  meter.createCounter(name, '', help).add(value, labels as MetricTags);
}

export function observeSeconds<Name extends NameOf<'histogram'>>(
  meter: MetricMeter,
  metric: Name,
  labels: LabelsOf<Name>,
  seconds: number,
): void {
  const { name, help } = workerMetrics[metric];
  // If the clock was set back, the measured duration is negative.
  meter.createHistogram(name, 'float', UNIT, help).record(Math.max(0, seconds), labels as MetricTags);
}

export function setGauge(meter: MetricMeter, metric: NameOf<'gauge'>, value: number): void {
  const { name, help } = workerMetrics[metric];
  meter.createGauge(name, 'float', '', help).set(value, {});
}

/** The name of a metric in Prometheus. */
export function exposedName(metric: WorkerMetric): string {
  const { name, kind } = workerMetrics[metric];
  switch (kind) {
    case 'counter':
      return `${name}_total`;
    case 'histogram':
      return `${name}_${UNIT}`;
    case 'gauge':
      return name;
  }
}
