import type { OrderRecord } from './order-creation-activities.ts';

export interface OrderDeadlineSettings {
  /** For one HTTP call. */
  ridendineTimeoutMs: number;
  /** How long RideNDine remembers an idempotency key. */
  ridendineIdempotencyTtlMs: number;
  /** How long before RideNDine forgets a key we stop using it. */
  ridendineIdempotencyMarginMs: number;
  /** How long after its quote's expiry an order that never left is still tried. */
  quoteGraceMs: number;
  /** How long support staff may take before a review counts as overdue. */
  reviewWindowMs: number;
}

/** How much longer than its HTTP call an attempt may take before Temporal counts it as lost. */
const ATTEMPT_ALLOWANCE_MS = 2000;

/**
 * Until when `createRideNDineOrder` may try, and support staff may take. Decided once for an order, on the worker, and
 * kept in the run's history: a workflow can't read settings.
 */
export type OrderDeadlines = (
  dateCreated: string,
  /** `undefined` where another run may have sent the order: the quote's expiry then decides nothing. */
  quoteExpiresAt: string | undefined,
) => Pick<OrderRecord, 'not_sent_deadline' | 'key_deadline' | 'attempt_timeout_ms' | 'review_window_ms'>;

export function createOrderDeadlines(settings: OrderDeadlineSettings): OrderDeadlines {
  return (dateCreated, quoteExpiresAt) => {
    const keyDeadline = later(dateCreated, settings.ridendineIdempotencyTtlMs - settings.ridendineIdempotencyMarginMs);
    return {
      not_sent_deadline: quoteExpiresAt === undefined ? keyDeadline : later(quoteExpiresAt, settings.quoteGraceMs),
      key_deadline: keyDeadline,
      attempt_timeout_ms: settings.ridendineTimeoutMs + ATTEMPT_ALLOWANCE_MS,
      review_window_ms: settings.reviewWindowMs,
    };
  };
}

function later(time: string, byMs: number): string {
  return new Date(Date.parse(time) + byMs).toISOString();
}
