/** How an activity that failed with a code is tried again. Temporal does the trying. */
export type RetryBehaviour =
  /** The same request can never succeed: the run ends. */
  | 'never'
  /** Tried again with the activity's own back-off. */
  | 'backoff'
  /** Our configuration is wrong: tried again with growing pauses of up to 5 minutes, until somebody has mended it. */
  | 'slowly'
  /** Tried again when the partner allows it (`Retry-After`). */
  | 'retry-after'
  /** Waits for a decision of support staff. */
  | 'review';

interface FailureCodeEntry {
  readonly meaning: string;
  readonly retry: RetryBehaviour;
  /** HTTP status of the gateway's answer once the failure is final. */
  readonly httpStatus: number;
}

/**
 * Every way in which an order creation can fail: `type` of the Temporal failure, `failure_code` in Directus and `code`
 * in the gateway's problem documents. A code is never renamed: other teams and old orders carry it.
 */
export const failureCodes = {
  CheckoutInvalid: { meaning: 'The checkout breaks a rule, or several rules.', retry: 'never', httpStatus: 422 },
  QuoteNotFound: { meaning: 'The customer has no quote with this id.', retry: 'never', httpStatus: 422 },
  QuoteExpired: { meaning: 'The quote is no longer valid.', retry: 'never', httpStatus: 422 },
  StoreNotOnRideNDine: { meaning: 'The store has no RideNDine merchant.', retry: 'never', httpStatus: 422 },
  QuoteAlreadyUsed: { meaning: 'Another live order was made from the quote.', retry: 'never', httpStatus: 409 },
  IdempotencyKeyReused: {
    meaning: 'The idempotency key belongs to another checkout.',
    retry: 'never',
    httpStatus: 422,
  },
  DirectusUnavailable: {
    meaning: 'Directus can not be reached, is overloaded or refuses our credential.',
    retry: 'backoff',
    httpStatus: 503,
  },
  DirectusRejected: { meaning: 'Directus refuses the request as such.', retry: 'never', httpStatus: 502 },
  RideNDineRejected: { meaning: 'RideNDine refuses the order.', retry: 'never', httpStatus: 422 },
  RideNDineUnauthorized: {
    meaning: 'RideNDine refuses our credential or address: our configuration is wrong, not the order.',
    retry: 'slowly',
    httpStatus: 503,
  },
  RideNDineRateLimited: {
    meaning: 'RideNDine asks us to send fewer requests.',
    retry: 'retry-after',
    httpStatus: 503,
  },
  RideNDineUnavailable: {
    meaning: 'RideNDine can not be reached or does not give a usable answer.',
    retry: 'backoff',
    httpStatus: 503,
  },
  RideNDineContractBroken: {
    meaning: 'RideNDine accepted the order, but its reply lacks the ids.',
    retry: 'backoff',
    httpStatus: 503,
  },
  LinkConflict: {
    meaning: 'The order is linked to another RideNDine order, or another order to this one.',
    retry: 'review',
    httpStatus: 202,
  },
  OrderNeedsReview: {
    meaning: 'Support staff abandoned the order, or only they can tell what it is.',
    retry: 'never',
    httpStatus: 409,
  },
  OrderCancelled: { meaning: 'The order was cancelled.', retry: 'never', httpStatus: 409 },
} as const satisfies Record<string, FailureCodeEntry>;

export type FailureCode = keyof typeof failureCodes;

/** Whether the same request with the same key may succeed later, once the failure is final. */
export function isRetryable(code: FailureCode): boolean {
  return failureCodes[code].httpStatus === 503;
}

/** Whether `text` is one of our codes: failures of other origins (a time-out, a bug) carry other types. */
export function isFailureCode(text: unknown): text is FailureCode {
  return typeof text === 'string' && Object.hasOwn(failureCodes, text);
}
