import type { AttemptOutcome } from '../integrations/partner.ts';
import { failures } from '../domain/failures.ts';
import { orderCreationStages } from '../contract/runs.ts';
import { orderOutcomes } from './order-outcome.ts';

interface MetricDefinition {
  /** As programs record it; Prometheus shows it as {@link exposedName} says. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** Each with all its values: nothing that a customer, a caller or the partner sends becomes one. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

const code = ['none', ...(Object.keys(failures) as (keyof typeof failures)[])] as const;

/** `created`: the partner has made the order, or had made it already. */
const attemptOutcomes = ['created', 'rejected', 'notSent', 'maybeSent'] as const satisfies readonly (
  AttemptOutcome | 'created'
)[];

/**
 * What a worker tells Prometheus of orders, beside what the Temporal SDK tells of itself. Durations are in seconds.
 * Dashboards and alerts of others rest on the names: none is renamed without a line in the CHANGELOG.
 */
export const workerMetrics = {
  orders: {
    name: 'cooco_orders',
    kind: 'counter',
    help: 'Runs of the order creation that have ended, by outcome and failure code.',
    labels: { outcome: orderOutcomes, code },
  },
  orderDuration: {
    name: 'cooco_order',
    kind: 'histogram',
    help: 'Time from the start of a run to its end, waiting and retries included, in seconds.',
    labels: { outcome: orderOutcomes },
  },
  stepDuration: {
    name: 'cooco_order_step',
    kind: 'histogram',
    help: 'Time from entering a step to leaving it, waiting and retries included, in seconds.',
    labels: { step: orderCreationStages },
  },
  partnerAttempts: {
    name: 'cooco_partner_attempts',
    kind: 'counter',
    help: 'Calls to RideNDine, by what is known of the order afterwards and by failure code.',
    labels: { outcome: attemptOutcomes, code },
  },
  partnerAttemptDuration: {
    name: 'cooco_partner_attempt',
    kind: 'histogram',
    help: 'Time that a call to RideNDine takes, in seconds.',
    labels: { outcome: attemptOutcomes },
  },
  directusRequestDuration: {
    name: 'cooco_directus_request',
    kind: 'histogram',
    help: 'Time that a call to Directus takes, by failure code, in seconds.',
    labels: { code },
  },
  reviewsOpened: {
    name: 'cooco_reviews_opened',
    kind: 'counter',
    help: 'Orders that came to support staff for review, by failure code.',
    labels: { code },
  },
  reviewsDecided: {
    name: 'cooco_reviews_decided',
    kind: 'counter',
    help: 'Decisions of support staff that were carried out.',
    labels: { decision: ['retry', 'link', 'abandon'] },
  },
  reviewsOverdue: {
    name: 'cooco_reviews_overdue',
    kind: 'counter',
    help: 'Reviews that have gone on for longer than REVIEW_WINDOW; one may be counted again when it is decided.',
    labels: {},
  },
  ordersInReview: {
    name: 'cooco_orders_in_review',
    kind: 'gauge',
    help: 'Orders that wait for support staff, in Directus; NaN while it can not be read.',
    labels: {},
  },
  oldestOrderInReview: {
    name: 'cooco_orders_oldest_in_review_seconds',
    kind: 'gauge',
    help: 'How long one of them has been in review at least, in seconds; 0 if none is, NaN if that is not known.',
    labels: {},
  },
  reviewWindow: {
    name: 'cooco_review_window_seconds',
    kind: 'gauge',
    help: 'REVIEW_WINDOW, in seconds.',
    labels: {},
  },
  ordersUnlinked: {
    name: 'cooco_orders_unlinked',
    kind: 'gauge',
    help: 'Orders in Directus that are neither linked nor ended nor in review; NaN while it can not be read.',
    labels: {},
  },
  oldestUnlinkedOrder: {
    name: 'cooco_orders_oldest_unlinked_seconds',
    kind: 'gauge',
    help: 'Age of the oldest of them, in seconds; 0 if there is none, NaN while Directus can not be read.',
    labels: {},
  },
  ordersReadable: {
    name: 'cooco_orders_readable',
    kind: 'gauge',
    help: '1 if this worker could count the orders in Directus when it last tried, else 0.',
    labels: {},
  },
  sweeps: {
    name: 'cooco_sweeps',
    kind: 'counter',
    help: 'Sweeps for orders that no run carries any more, by how they ended.',
    labels: { outcome: ['completed', 'failed'] },
  },
  sweptOrders: {
    name: 'cooco_sweep_orders',
    kind: 'counter',
    help: 'Orders that no run carried, by whether a sweep could start one.',
    labels: { result: ['continued', 'failed'] },
  },
  lastSweep: {
    name: 'cooco_sweep_last_completed_timestamp_seconds',
    kind: 'gauge',
    help: 'When this worker last completed a sweep, in seconds since 1970.',
    labels: {},
  },
  sweepInterval: {
    name: 'cooco_sweep_interval_seconds',
    kind: 'gauge',
    help: 'How often a sweep is due, in seconds. Not there where WORKER_SWEEP is off.',
    labels: {},
  },
  workerStart: {
    name: 'cooco_worker_start_timestamp_seconds',
    kind: 'gauge',
    help: 'When this worker was started, in seconds since 1970.',
    labels: {},
  },
  eventLoopDelay: {
    name: 'cooco_worker_event_loop_delay_seconds',
    kind: 'gauge',
    help: "99th percentile of the delay of the worker's event loop since the last reading, in seconds.",
    labels: {},
  },
  residentMemory: {
    name: 'cooco_worker_resident_memory_bytes',
    kind: 'gauge',
    help: 'Memory that the worker holds, in bytes.',
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

/** What of a meter of the Temporal SDK is used here: workflows, activities and the worker each have their own. */
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

/** The unit of every histogram, which the exporter adds to its name. */
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
  // A clock may be set back.
  meter.createHistogram(name, 'float', UNIT, help).record(Math.max(0, seconds), labels as Labels);
}

export type WorkerGauge = NameOf<'gauge'>;

export function setGauge(meter: Meter, metric: WorkerGauge, value: number): void {
  const { name, help } = workerMetrics[metric];
  meter.createGauge(name, 'float', '', help).set(value, {});
}

/** The name under which Prometheus finds it. */
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
