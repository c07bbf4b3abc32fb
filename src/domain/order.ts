/** Statuses that this phase sets. Every other status belongs to a later phase and is never overwritten here. */
export const orderStatuses = ['PENDING_PAYMENT', 'FAILED', 'NEEDS_REVIEW', 'CANCELLED'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/**
 * From which statuses a run may bring its order to each of its own; writing the same once more is no change. What is
 * not listed was set by another run, by a person or by a later phase, and stays.
 */
export const statusesBefore: Record<OrderStatus, readonly OrderStatus[]> = {
  PENDING_PAYMENT: ['PENDING_PAYMENT', 'NEEDS_REVIEW'],
  // RideNDine may have it, whatever somebody has made of it meanwhile.
  NEEDS_REVIEW: ['NEEDS_REVIEW', 'PENDING_PAYMENT', 'FAILED', 'CANCELLED'],
  FAILED: ['FAILED', 'PENDING_PAYMENT', 'NEEDS_REVIEW'],
  CANCELLED: ['CANCELLED', 'PENDING_PAYMENT', 'FAILED'],
};

/** Whether an order of this status has come to nothing, and its quote is free. */
export function hasEnded(status: string): boolean {
  return status === 'FAILED' || status === 'CANCELLED';
}

/** What is known of an order at RideNDine. */
export const partnerStates = ['WAITING', 'CREATED', 'UNKNOWN', 'NONE'] as const;
export type PartnerState = (typeof partnerStates)[number];

/** `payment_status` of a new order (docs/requirements.md, step 3.2); what it becomes is a later phase's. */
export const NEW_PAYMENT_STATUS = 'PENDING';

/** The ids that link an order to RideNDine's (docs/requirements.md, step 3.4). */
export interface LinkIds {
  ridendine_order_id: string;
  payment_session_id: string;
}

/** The live order that a quote has made, for the customer whose order it is. */
export interface QuoteUser {
  order_id: string;
  /** Under which the order can be looked up. */
  idempotency_key: string;
}

/**
 * Longest ids that are taken, in characters, and more than an id needs. The order's is what can be unique in every
 * database that Directus knows.
 */
export const longestLinkId = { ridendine_order_id: 512, payment_session_id: 4096 } as const;

/**
 * What the customer waits for. `status` and `payment_status` are as they were when the link was saved or corrected, and
 * where Temporal has forgotten that, as Directus has them.
 */
export interface OrderCreationResult extends LinkIds {
  order_id: string;
  status: string;
  payment_status: string;
}

/** What a run of `orderCreation` completes with. */
export interface OrderCreationRunResult extends OrderCreationResult {
  /** An earlier run linked the order, and this one found it so. */
  replayed?: true | undefined;
}

/** What this phase needs to know of an order in Directus. */
export interface StoredOrder {
  id: string;
  /** One of {@link orderStatuses}, or a later phase's. */
  status: string;
  payment_status: string;
  quote_id: string | null;
  /** Of a customer who was erased there is none. */
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
  /** The run that carries it. */
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
