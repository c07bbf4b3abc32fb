import type { AttemptOutcome } from '../domain/failure-details.ts';
import { failures } from '../domain/failures.ts';
import { orderCreationStages } from '../contract/runs.ts';
import { orderOutcomes } from './order-outcome.ts';

interface MetricDefinition {
  /** The name under which programs record the metric. Prometheus shows it as {@link exposedName}. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** Each label with all its values. Text that a customer, a caller or the partner sends never becomes a value. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

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
  orders: {
    name: 'cooco_orders',
    kind: 'counter',
    help: 'Runs that have ended.',
    labels: { outcome: orderOutcomes, code },
  },
  orderDuration: {
    name: 'cooco_order',
    kind: 'histogram',
    help: 'Duration of a run, waiting and retries included.',
    labels: { outcome: orderOutcomes },
  },
  stageDuration: {
    name: 'cooco_order_stage',
    kind: 'histogram',
    help: 'Time that a run was in a stage, waiting and retries included.',
    labels: { stage: orderCreationStages },
  },
  partnerAttempts: {
    name: 'cooco_partner_attempts',
    kind: 'counter',
    help: 'Calls to RideNDine.',
    labels: { outcome: attemptOutcomes, code },
  },
  partnerAttemptDuration: {
    name: 'cooco_partner_attempt',
    kind: 'histogram',
    help: 'Duration of a call to RideNDine.',
    labels: { outcome: attemptOutcomes },
  },
  partnerPaused: {
    name: 'cooco_partner_paused',
    kind: 'gauge',
    help: '1 while calls to RideNDine are paused, as this worker knows, else 0.',
    labels: {},
  },
  directusRequestDuration: {
    name: 'cooco_directus_request',
    kind: 'histogram',
    help: 'Duration of a call to Directus.',
    labels: { code },
  },
  reviewsOpened: {
    name: 'cooco_reviews_opened',
    kind: 'counter',
    help: 'Orders that came into review.',
    labels: { code },
  },
  reviewsDecided: {
    name: 'cooco_reviews_decided',
    kind: 'counter',
    help: 'Decisions that were carried out.',
    labels: { decision: ['retry', 'link', 'abandon'] },
  },
  reviewsOverdue: {
    name: 'cooco_reviews_overdue',
    kind: 'counter',
    help: 'Reviews longer than REVIEW_WINDOW; a review may count again when it is decided.',
    labels: {},
  },
  ordersInReview: {
    name: 'cooco_orders_in_review',
    kind: 'gauge',
    help: 'Orders in review in Directus; NaN while Directus cannot be read.',
    labels: {},
  },
  oldestOrderInReview: {
    name: 'cooco_orders_oldest_in_review_seconds',
    kind: 'gauge',
    help: 'How long the oldest order has been in review, at least; 0 if there is none, NaN if unknown.',
    labels: {},
  },
  reviewWindow: {
    name: 'cooco_review_window_seconds',
    kind: 'gauge',
    help: 'REVIEW_WINDOW.',
    labels: {},
  },
  ordersUnlinked: {
    name: 'cooco_orders_unlinked',
    kind: 'gauge',
    help: 'Orders in Directus that are not linked, ended or in review; NaN while Directus cannot be read.',
    labels: {},
  },
  oldestUnlinkedOrder: {
    name: 'cooco_orders_oldest_unlinked_seconds',
    kind: 'gauge',
    help: 'Age of the oldest unlinked order; 0 if there is none, NaN while Directus cannot be read.',
    labels: {},
  },
  ordersReadable: {
    name: 'cooco_orders_readable',
    kind: 'gauge',
    help: '1 if this worker last counted the orders in Directus successfully, else 0.',
    labels: {},
  },
  sweeps: {
    name: 'cooco_sweeps',
    kind: 'counter',
    help: 'Sweeps that have ended.',
    labels: { outcome: ['completed', 'failed'] },
  },
  sweptOrders: {
    name: 'cooco_sweep_orders',
    kind: 'counter',
    help: 'Orders without a run that a sweep continued, or could not continue.',
    labels: { result: ['continued', 'failed'] },
  },
  lastSweep: {
    name: 'cooco_sweep_last_completed_timestamp_seconds',
    kind: 'gauge',
    help: 'When this worker last completed a sweep, in Unix time.',
    labels: {},
  },
  sweepInterval: {
    name: 'cooco_sweep_interval_seconds',
    kind: 'gauge',
    help: 'How often a sweep is due. Absent if WORKER_SWEEP is off.',
    labels: {},
  },
  workerStart: {
    name: 'cooco_worker_start_timestamp_seconds',
    kind: 'gauge',
    help: 'When this worker was started, in Unix time.',
    labels: {},
  },
  eventLoopDelay: {
    name: 'cooco_worker_event_loop_delay_seconds',
    kind: 'gauge',
    help: "99th percentile of the event loop's delay since the last reading.",
    labels: {},
  },
  residentMemory: {
    name: 'cooco_worker_resident_memory_bytes',
    kind: 'gauge',
    help: 'Resident memory of the worker.',
    labels: {},
  },
} as const satisfies Record<string, MetricDefinition>;

export type WorkerMetric = keyof typeof workerMetrics;
type NameOf<Kind extends MetricDefinition['kind']> = {
  [Name in WorkerMetric]: (typeof workerMetrics)[Name]['kind'] extends Kind ? Name : never;
}[WorkerMetric];
type LabelsOf<Name extends WorkerMetric> = {
  [
    Label in keyof (typeof workerMetrics)[Name]['labels']
  ]: (typeof workerMetrics)[Name]['labels'][Label] extends readonly (infer Value)[] ? Value : never;
};

/** The part of a Temporal SDK meter that is used here. Workflows, activities and the worker have a meter each. */
interface Meter {
  createCounter(name: string, unit?: string, description?: string): { add(value: number, labels: Labels): void };
  createHistogram(
    name: string,
    valueType: 'float',
    unit?: string,
    description?: string,
  ): { record(value: number, labels: Labels): void };
  createGauge(
    name: string,
    valueType: 'float',
    unit?: string,
    description?: string,
  ): { set(value: number, labels: Labels): void };
}
type Labels = Record<string, string>;

/** The unit of every histogram. The exporter adds it to the name of the histogram. */
const UNIT = 'seconds';

export function count<Name extends NameOf<'counter'>>(
  meter: Meter,
  metric: Name,
  labels: LabelsOf<Name>,
  value = 1,
): void {
  const { name, help } = workerMetrics[metric];
  meter.createCounter(name, '', help).add(value, labels as Labels);
}

export function observeSeconds<Name extends NameOf<'histogram'>>(
  meter: Meter,
  metric: Name,
  labels: LabelsOf<Name>,
  seconds: number,
): void {
  const { name, help } = workerMetrics[metric];
  // If the clock was set back, the measured duration is negative.
  meter.createHistogram(name, 'float', UNIT, help).record(Math.max(0, seconds), labels as Labels);
}

export type WorkerGauge = NameOf<'gauge'>;

export function setGauge(meter: Meter, metric: WorkerGauge, value: number): void {
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
