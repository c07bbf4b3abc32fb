import type { OrderRecord } from './order-creation-activities.ts';

export interface OrderDeadlineSettings {
  /** How long one HTTP call to RideNDine may take. */
  ridendineTimeoutMs: number;
  /** How long RideNDine remembers an idempotency key. */
  ridendineIdempotencyTtlMs: number;
  /** We stop using a key this long before RideNDine forgets the key. */
  ridendineIdempotencyMarginMs: number;
  /** An order that was never sent is still tried for this long after its quote has expired. */
  quoteGraceMs: number;
  /** How long support staff may take before a review counts as overdue. */
  reviewWindowMs: number;
}

/** How much longer than its HTTP call an attempt may take before Temporal counts it as lost. */
const ATTEMPT_ALLOWANCE_MS = 2000;

/**
 * Calculates until when `createRideNDineOrder` may try, and how long support staff may take. This happens once in a
 * run, on the worker, and the run's history keeps the result: a workflow can't read settings.
 *
 * @param quoteExpiresAt `undefined` if another run may have sent the order. The quote's expiry then decides nothing.
 */
export function orderDeadlines(
  settings: OrderDeadlineSettings,
  dateCreated: string,
  quoteExpiresAt: string | undefined,
): Pick<OrderRecord, 'not_sent_deadline' | 'key_deadline' | 'attempt_timeout_ms' | 'review_window_ms'> {
  const keyDeadline = later(dateCreated, settings.ridendineIdempotencyTtlMs - settings.ridendineIdempotencyMarginMs);
  return {
    not_sent_deadline: quoteExpiresAt === undefined ? keyDeadline : later(quoteExpiresAt, settings.quoteGraceMs),
    key_deadline: keyDeadline,
    attempt_timeout_ms: settings.ridendineTimeoutMs + ATTEMPT_ALLOWANCE_MS,
    review_window_ms: settings.reviewWindowMs,
  };
}

function later(time: string, byMs: number): string {
  return new Date(Date.parse(time) + byMs).toISOString();
}
