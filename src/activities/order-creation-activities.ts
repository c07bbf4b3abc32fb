import type { Checkout } from '../domain/checkout.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import type { LinkIds, OrderCreationResult, OrderStatus } from '../domain/order.ts';
import type { SupportAction } from '../domain/support-action.ts';

/**
 * The steps of `orderCreation`, as the workflow calls them and the worker offers them. Every failure that leaves a step
 * is an `ApplicationFailure`. Its `type` is a {@link FailureCode}, except if Temporal does not answer the step, or if
 * the step met an error that it does not know.
 */
export interface OrderCreationActivities {
  /**
   * Step 3.1: finds out what is known of this checkout, and whether an order may be made from it. Reads Directus.
   * Writes only if a worker died right after writing the order: asks Temporal how the run of that order ended, and
   * writes `FAILED` or `CANCELLED` if that run ended so. An order that this run wrote becomes `FAILED` if the checkout
   * now breaks a rule.
   */
  validateCheckout(input: OrderCreationInput): Promise<CheckoutStanding & Tried>;

  /** Step 3.2: ensures that the order is in Directus, live, with its items and the frozen body for RideNDine. */
  createOrderRecord(input: { request: OrderCreationInput; standing: OpenStanding }): Promise<OrderRecord & Tried>;

  /**
   * Step 3.3: creates the order at RideNDine. A failure tells whether RideNDine may have the order (`maybe_sent`).
   * While calls are paused, the step makes no call and fails for good (`pause`). The run waits and makes it again.
   *
   * `asked_by_support`: support staff want this call although its time is over.
   */
  createRideNDineOrder(order: OrderRecord & { asked_by_support: boolean }): Promise<LinkIds & Tried>;

  /** Fails and is tried again while calls to RideNDine are paused. Succeeds at `until` (ISO 8601) at the latest. */
  waitWhilePaused(input: { until: string }): Promise<void>;

  /**
   * Step 3.4: writes RideNDine's ids on the order. The order status stays as it is. Fails with `LinkConflict` if the
   * order has other ids or has ended, if another order has one of the ids, or if typed ids look unlike RideNDine's.
   */
  saveLinkIds(input: {
    order_id: string;
    link: LinkIds;
    /** Set if support staff typed the ids. `ids_checked`: they say that the ids are right, however the ids look. */
    typed_by_hand?: { ids_checked: boolean };
  }): Promise<OrderCreationResult & Tried>;

  /** Writes an order status, with its failure, on the order. */
  markOrder(input: OrderMark): Promise<MarkResult>;

  /**
   * Cancels a checkout while this run knows of no order. Writes `CANCELLED` on the order that has the key, or on a new
   * row if there is no order. An order that RideNDine may have is left as it is.
   */
  cancelCheckout(input: { request: OrderCreationInput; support_action?: SupportAction }): Promise<CancelledCheckout>;

  /**
   * Stops this run's `createRideNDineOrder`: no further attempt begins, and this waits for an attempt that is under
   * way. Returns what all attempts came to, because Temporal forgets that as soon as the step is cancelled.
   */
  stopPartnerAttempts(): Promise<PartnerAttempts>;

  /** Asks Temporal to cancel the run that calls this. */
  requestCancellation(): Promise<void>;
}

/** What each step adds to its output. */
export interface Tried {
  /** How many attempts the step took, if more than one. */
  attempts?: number;
}

/** What the attempts at RideNDine have come to. */
export interface PartnerAttempts {
  /** Whether any attempt may have reached RideNDine. */
  maybe_sent: boolean;
  /** Why the last attempt failed, if that is known. */
  code: FailureCode | null;
  /** An attempt is under way whose worker is gone: nothing will be heard of it. */
  is_lost?: true;
}

/** What `cancelCheckout` did or found under the key of the checkout. */
export type CancelledCheckout = Identified &
  ((FoundByRun & { kind: 'cancelled'; order_id: string }) | LinkedStanding | UnfinishedStanding);

/** The standing of a checkout: what there is under its idempotency key. */
export type CheckoutStanding = Identified & (OpenStanding | LinkedStanding);

interface Identified {
  /** Shows whether a caller who uses the key again means this checkout. */
  request_fingerprint: string;
  links?: SupportLinks;
}

/** An earlier run linked the order: its ids are the answer. */
export interface LinkedStanding {
  kind: 'linked';
  result: OrderCreationResult;
}

/** Addresses of pages where support staff find more. */
export interface SupportLinks {
  /** The page of the order in Directus, whether or not the order exists yet. */
  order_page: string;
  runbook: string | null;
}

/** The run that found something out. After an operator's reset, a run's history holds results of another run. */
interface FoundByRun {
  run_id: string;
}

export type OpenStanding =
  | (FoundByRun & { order_id: string } & (
        | /** No order of another run has this key, and the checkout keeps the rules. */
          { kind: 'new'; checkout: Checkout }
          /** An earlier run left the order `FAILED`. The checkout keeps the rules: the order is tried again. */
        | { kind: 'failed'; checkout: Checkout }
      ))
  | UnfinishedStanding;

/** An earlier run was lost half-way. RideNDine may have the order, or the order waits for support staff. */
export interface UnfinishedStanding extends FoundByRun {
  kind: 'unfinished';
  order_id: string;
  store_id: string | null;
}

/** An order in Directus that is about to be created at RideNDine. Times are ISO 8601. */
export interface OrderRecord extends FoundByRun {
  order_id: string;
  /** The frozen body, which is sent as it is, byte for byte. */
  ridendine_request: string;
  /** Why the order is in review already; `null` if it is not. */
  review: { code: FailureCode; reason: string } | null;
  /** Whether an earlier run, or an earlier call of this run, may have sent the order. */
  maybe_sent_before: boolean;
  /** Until when an order that was never sent is tried: the quote's expiry plus the grace. */
  not_sent_deadline: string;
  /** Until when the same key and bytes may be sent again. RideNDine forgets the key some time later. */
  key_deadline: string;
  attempt_timeout_ms: number;
  /** How long support staff may take before a review counts as overdue. */
  review_window_ms: number;
  /** Task queue of the calls to RideNDine, if it is not the one of the run's other steps. */
  partner_task_queue?: string;
}

export interface OrderMark {
  order_id: string;
  status: OrderStatus;
  failure_code: FailureCode | null;
  /** One sentence for support staff, without personal data. */
  failure_reason: string | null;
  /**
   * Set if a run ends an order that RideNDine does not have: the id of the run that found this out. The mark changes
   * nothing if that is not the run that makes the mark, or if the order is linked.
   */
  found_by_run?: string;
  /** The order may have ended meanwhile: it takes its quote again, if no other live order has the quote. */
  retake_quote?: boolean;
  /**
   * What to write if the order is missing. An attempt to create the order may still be under way in Directus. The row
   * that is written here makes that attempt fail. Without `if_missing`, a missing order stays missing.
   */
  if_missing?: { request: OrderCreationInput; checkout: Checkout };
  /**
   * The support action that leads to this order status. It is recorded on the order in the same write as the status,
   * and only once if the mark is repeated. Nothing is recorded on an order that this mark may not change.
   */
  support_action?: SupportAction;
  /** Records the support action even if this mark may not change the order, which a later phase may have by now. */
  recorded_anyway?: true;
}

export type MarkResult =
  | { kind: 'marked'; link: LinkIds | null }
  /** The mark changed nothing: another run, a person or a later phase has taken the order on. */
  | {
      kind: 'left';
      /** The reason is that another live order was made from the same quote. */
      quote_taken?: true;
    }
  | { kind: 'missing' };
