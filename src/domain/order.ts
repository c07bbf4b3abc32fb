/** Statuses that this phase sets. Every other status belongs to a later phase and is never overwritten here. */
export const orderStatuses = ['PENDING_PAYMENT', 'FAILED', 'NEEDS_REVIEW', 'CANCELLED'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** `payment_status` of a new order (brief, step 3.2); what it becomes is a later phase's. */
export const NEW_PAYMENT_STATUS = 'PENDING';

/** The ids that link an order to RideNDine's (brief, step 3.4). */
export interface LinkIds {
  ridendine_order_id: string;
  payment_session_id: string;
}

/** What the customer waits for. `status` and `payment_status` are as they were when the link was saved. */
export interface OrderCreationResult extends LinkIds {
  order_id: string;
  status: string;
  payment_status: string;
}
