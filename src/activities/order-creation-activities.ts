import type { AttemptOutcome } from '../domain/attempt-outcome.ts';
import type { Checkout } from '../domain/checkout.ts';
import type { CheckoutRequest } from '../domain/checkout-request.ts';
import type { FailureCode } from '../domain/failure-codes.ts';
import type { LinkIds, OrderCreationResult, OrderStatus, StoredOrder } from '../domain/order.ts';

/**
 * The steps of `orderCreation`, as the workflow calls them and the worker offers them. Every failure that leaves one is
 * an `ApplicationFailure` whose `type` is a {@link FailureCode}.
 */
export interface OrderCreationActivities {
  /** Step 3.1: what is known of this checkout, and whether an order may come of it. Reads Directus, writes nothing. */
  validateCheckout(request: CheckoutRequest): Promise<CheckoutStanding>;

  /** Step 3.2: the order with its items exists in Directus, live, with the frozen body for RideNDine. */
  createOrderRecord(input: { request: CheckoutRequest; standing: OpenStanding }): Promise<OrderRecord>;

  /** Step 3.3: the order exists at RideNDine. Its failures carry a {@link PartnerFailureDetails}. */
  createRideNDineOrder(order: OrderRecord): Promise<LinkIds>;

  /** Step 3.4: the order carries RideNDine's ids. Writes no status. `LinkConflict` if other ids stand in the way. */
  saveLinkIds(input: { order_id: string; link: LinkIds }): Promise<OrderCreationResult>;

  /** The order carries how it ended. An order that is missing, or that a later phase has taken on, is left as it is. */
  markOrder(input: OrderMark): Promise<void>;
}

/** How matters stand with a checkout's idempotency key. */
export type CheckoutStanding = OpenStanding | { standing: 'linked'; result: OrderCreationResult };

export type OpenStanding =
  /** No order has this key, and the rules are kept. */
  | { standing: 'new'; order_id: string; checkout: Checkout }
  /** An earlier run ended with the order `FAILED`: the same order is tried again, and the rules are kept. */
  | { standing: 'failed'; order_id: string; checkout: Checkout; order: StoredOrder }
  /** An earlier run was lost half-way: RideNDine may have the order. */
  | { standing: 'unlinked'; order_id: string; order: StoredOrder }
  /** An earlier run was lost while the order waited for support staff. */
  | { standing: 'in-review'; order_id: string; order: StoredOrder };

/** An order in Directus that is about to be created at RideNDine. Times are ISO 8601. */
export interface OrderRecord {
  order_id: string;
  quote_id: string;
  /** Sent as it is, byte for byte. */
  ridendine_request: string;
  /** Whether an earlier run may have sent it. */
  maybe_sent_before: boolean;
  /** Until when an order that never left is tried: the quote's expiry and a grace. */
  not_sent_deadline: string;
  /** Until when the same key and bytes are safe: RideNDine forgets the key some time after. */
  key_deadline: string;
  attempt_timeout_ms: number;
}

/** Details of a failed `createRideNDineOrder`. */
export interface PartnerFailureDetails {
  /** Of the last attempt. */
  outcome: AttemptOutcome;
  /** Whether any attempt of any run may have reached RideNDine. */
  maybe_sent: boolean;
  status?: number;
  partner_text?: string;
}

export interface OrderMark {
  order_id: string;
  status: OrderStatus;
  /** Holds the quote while the order is live. */
  quote_id: string;
  failure_code: FailureCode | null;
  /** One sentence for support staff, without personal data. */
  failure_reason: string | null;
}
