import type { Checkout } from '../domain/checkout.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { OrderCreationInput } from '../contract/runs.ts';
import type { LinkIds, OrderCreationResult, OrderStatus } from '../domain/order.ts';
import type { SupportAction } from '../domain/support-action.ts';

/**
 * The steps of `orderCreation`, as the workflow calls them and the worker offers them. Every failure that leaves one is
 * an `ApplicationFailure` whose `type` is a {@link FailureCode}.
 */
export interface OrderCreationActivities {
  /**
   * Step 3.1: what is known of this checkout, and whether an order may come of it. Reads Directus. Writes only if a worker
   * died right after writing the order and its run then ended without it: the order is `FAILED` or `CANCELLED` from then
   * on. It asks Temporal how that run ended.
   */
  validateCheckout(input: OrderCreationInput): Promise<CheckoutStanding & Tried>;

  /** Step 3.2: the order with its items exists in Directus, live, with the frozen body for RideNDine. */
  createOrderRecord(input: { request: OrderCreationInput; standing: OpenStanding }): Promise<OrderRecord & Tried>;

  /**
   * Step 3.3: the order exists at RideNDine. Its failures say whether RideNDine may have it (`maybe_sent`). While calls
   * are paused (`pause`) it makes none, and fails for good: the run waits until it makes the step anew.
   *
   * `asked_by_support`: support staff want this call although its time is over.
   */
  createRideNDineOrder(order: OrderRecord & { asked_by_support: boolean }): Promise<LinkIds & Tried>;

  /** Fails, and is tried again, as long as calls to RideNDine are paused, but until then at most (ISO 8601). */
  waitWhilePaused(input: { until: string }): Promise<void>;

  /** Step 3.4: the order carries RideNDine's ids. Writes no status. `LinkConflict` if other ids stand in the way. */
  saveLinkIds(input: {
    order_id: string;
    link: LinkIds;
    /** Support staff have typed them. `ids_checked`: they say that they are right although they do not look so. */
    typed_by_hand?: { ids_checked: boolean };
  }): Promise<OrderCreationResult & Tried>;

  /** The order carries how matters stand with it. */
  markOrder(input: OrderMark): Promise<MarkResult>;

  /**
   * Somebody cancelled a checkout while this run knew of no order: from now on Directus says `CANCELLED` under its key,
   * on a row of its own if there is no order. An order that RideNDine may have is left as it is.
   */
  cancelCheckout(input: { request: OrderCreationInput; support_action?: SupportAction }): Promise<CancelledCheckout>;

  /**
   * No further attempt of this run's `createRideNDineOrder` begins; one that is under way is waited for. What all of them
   * came to is told, which Temporal forgets as soon as the step is cancelled.
   */
  stopPartnerAttempts(): Promise<PartnerAttempts>;

  /** Temporal is asked to cancel the run that calls this. */
  requestCancellation(): Promise<void>;
}

/** What each step adds to its output. */
export interface Tried {
  /** How many attempts the step took, if more than one. */
  attempts?: number;
}

/** What the attempts at RideNDine have come to. */
export interface PartnerAttempts {
  /** Whether any of them may have reached RideNDine. */
  maybe_sent: boolean;
  /** Why the last one failed, if that is known. */
  code: FailureCode | null;
  /** One is under way of which nothing will be heard: its worker is gone. */
  is_lost?: true;
}

/** What a request to cancel found under the key of its checkout. */
export type CancelledCheckout = Identified &
  ((FoundByRun & { kind: 'cancelled'; order_id: string }) | LinkedStanding | UnfinishedStanding);

/** How matters stand with a checkout's idempotency key. */
export type CheckoutStanding = Identified & (OpenStanding | LinkedStanding);

interface Identified {
  /** By which callers who show the key are known to mean this checkout. */
  request_fingerprint: string;
  links?: SupportLinks;
}

/** An earlier run linked the order: its ids are the answer. */
export interface LinkedStanding {
  kind: 'linked';
  result: OrderCreationResult;
}

/** Where support staff find more. */
export interface SupportLinks {
  /** The order in Directus, if there is one. */
  order_page: string;
  runbook: string | null;
}

/** Who found something out. A run that an operator has reset finds the words of another run in its history. */
interface FoundByRun {
  run_id: string;
}

export type OpenStanding =
  | (FoundByRun & { order_id: string } & (
        | /** No order has this key, and the rules are kept. */
          { kind: 'new'; checkout: Checkout }
          /** An earlier run ended with the order `FAILED`: the same order is tried again, and the rules are kept. */
        | { kind: 'failed'; checkout: Checkout }
      ))
  | UnfinishedStanding;

/** An earlier run was lost half-way: RideNDine may have the order, or support staff were to decide. */
export interface UnfinishedStanding extends FoundByRun {
  kind: 'unfinished';
  order_id: string;
  store_id: string | null;
}

/** An order in Directus that is about to be created at RideNDine. Times are ISO 8601. */
export interface OrderRecord extends FoundByRun {
  order_id: string;
  /** Sent as it is, byte for byte. */
  ridendine_request: string;
  /** Why the order waits for support staff already, if it does. */
  review: { code: FailureCode; reason: string } | null;
  /** Whether an earlier run may have sent it. */
  maybe_sent_before: boolean;
  /** Until when an order that never left is tried: the quote's expiry and a grace. */
  not_sent_deadline: string;
  /** Until when the same key and bytes are safe: RideNDine forgets the key some time after. */
  key_deadline: string;
  attempt_timeout_ms: number;
  /** How long support staff may take before a review counts as overdue. */
  review_window_ms: number;
  /** Where the calls to RideNDine wait, if that is not where the run's other steps do. */
  partner_task_queue?: string;
}

export interface OrderMark {
  order_id: string;
  status: OrderStatus;
  failure_code: FailureCode | null;
  /** One sentence for support staff, without personal data. */
  failure_reason: string | null;
  /**
   * Where the run decides by itself that the order has ended: the run that found out why. Another run's word is not
   * taken, and an order that is linked is left alone.
   */
  found_by_run?: string;
  /** An order that may have ended meanwhile takes its quote again, if no other live order has it. */
  retake_quote?: boolean;
  /**
   * What to write if the order is missing: an attempt to create it may still be under way in Directus, and must then
   * find its place taken. Without it a missing order stays missing.
   */
  if_missing?: { request: OrderCreationInput; checkout: Checkout };
  /**
   * What support staff did that brings the order here: recorded on it in the same write as the status, once however
   * often the mark is made. An order that this mark may not change records nothing.
   */
  support_action?: SupportAction;
  /** It is recorded even if a later phase has the order, which this mark then leaves alone. */
  recorded_anyway?: true;
}

export type MarkResult =
  | { kind: 'marked'; link: LinkIds | null }
  /** Another run, a person or a later phase has brought the order to where this mark may not change it. */
  | {
      kind: 'left';
      /** Because another live order was made from its quote. */
      quote_taken?: true;
    }
  | { kind: 'missing' };
