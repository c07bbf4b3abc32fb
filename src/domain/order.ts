/** Statuses that this phase sets. Every other status belongs to a later phase and is never overwritten here. */
export const orderStatuses = ['PENDING_PAYMENT', 'FAILED', 'NEEDS_REVIEW', 'CANCELLED'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/**
 * For each status that a run writes: the statuses that an order may have before. The status itself is listed, because a
 * write may be repeated. A status that is not listed was set by another run, a person or a later phase, and stays.
 */
export const statusesBefore: Record<OrderStatus, readonly OrderStatus[]> = {
  PENDING_PAYMENT: ['PENDING_PAYMENT', 'NEEDS_REVIEW'],
  // RideNDine may have the order, even if somebody has ended it in Directus meanwhile.
  NEEDS_REVIEW: ['NEEDS_REVIEW', 'PENDING_PAYMENT', 'FAILED', 'CANCELLED'],
  FAILED: ['FAILED', 'PENDING_PAYMENT', 'NEEDS_REVIEW'],
  CANCELLED: ['CANCELLED', 'PENDING_PAYMENT', 'FAILED'],
};

/** Whether an order of this status has ended without a result, so that its quote is free. */
export function hasEnded(status: string): boolean {
  return status === 'FAILED' || status === 'CANCELLED';
}

/** What is known of an order at RideNDine. */
export const partnerStates = ['WAITING', 'CREATED', 'UNKNOWN', 'NONE'] as const;
export type PartnerState = (typeof partnerStates)[number];

/** `payment_status` of a new order (docs/requirements.md, step 3.2). Later phases change it. */
export const NEW_PAYMENT_STATUS = 'PENDING';

/** The ids that link an order to RideNDine's (docs/requirements.md, step 3.4). */
export interface LinkIds {
  ridendine_order_id: string;
  payment_session_id: string;
}

/** The live order that was made from a quote. Only the customer of that order is told of it. */
export interface QuoteUser {
  order_id: string;
  /** The key by which the customer can look the order up. */
  idempotency_key: string;
}

/**
 * Longest ids of RideNDine that are accepted, in characters: more than an id needs. `ridendine_order_id` must be
 * unique, and longer texts cannot be unique in every database that Directus knows.
 */
export const longestLinkId = { ridendine_order_id: 512, payment_session_id: 4096 } as const;

/**
 * The result that the customer waits for. `status` and `payment_status` are as they were when the link was saved or
 * corrected. If Temporal has forgotten that run, they are as Directus has them now.
 */
export interface OrderCreationResult extends LinkIds {
  order_id: string;
  status: string;
  payment_status: string;
}

/** What a run of `orderCreation` completes with. */
export interface OrderCreationRunResult extends OrderCreationResult {
  /** Set if an earlier run linked the order, and this run only found the link. */
  replayed?: true | undefined;
}

/** What this phase needs to know of an order in Directus. */
export interface StoredOrder {
  id: string;
  /** One of {@link orderStatuses}, or a later phase's. */
  status: string;
  payment_status: string;
  quote_id: string | null;
  /** `null` if the customer was erased. */
  customer_id: string | null;
  store_id: string | null;
  idempotency_key: string;
  request_fingerprint: string | null;
  /** The frozen body for RideNDine; see `Partner.orderBody`. */
  ridendine_request: string | null;
  ridendine_order_id: string | null;
  payment_session_id: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  /** The run that carries the order. */
  workflow_run_id: string | null;
  /** ISO 8601. The life of RideNDine's idempotency key counts from here. */
  date_created: string;
  /** ISO 8601; `null` as long as the order is as it was written. */
  date_updated: string | null;
}

/** Both ids of a linked order, `null` while one is missing. */
export function linkOf({ ridendine_order_id, payment_session_id }: StoredOrder): LinkIds | null {
  if (ridendine_order_id === null || payment_session_id === null) return null;
  return { ridendine_order_id, payment_session_id };
}

/** The result of a linked order, `undefined` while the link is missing. */
export function resultOf(order: StoredOrder): OrderCreationResult | undefined {
  const { id, status, payment_status } = order;
  const link = linkOf(order);
  return link ? { order_id: id, ...link, status, payment_status } : undefined;
}
