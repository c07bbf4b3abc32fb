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

/** What support staff can do about a failure, in sentences for people who do not program. */
interface SupportAdvice {
  /** While the step is tried again by itself. */
  readonly whileTried?: string;
  /** Once the order creation has failed with this code. */
  readonly whenFailed: string;
  /** While the order is in review because of the failure. The possible decisions are told beside this text. */
  readonly inReview?: string;
}

interface FailureFacts {
  readonly meaning: string;
  readonly retry: RetryBehaviour;
  /** HTTP status of the gateway's answer once the failure is final. */
  readonly httpStatus: number;
  /** Whether the same request with the same key may succeed later, once the failure is final. */
  readonly retryable: boolean;
  /** Where the cause lies. `checkout`: in the customer's checkout, or in what became of its order. */
  readonly fault: 'checkout' | 'directus' | 'ridendine' | 'configuration';
  /** What no run can use for an order any more: key or quote. A run that fails with the code has no order to mark. */
  readonly finalFor: 'key' | 'quote' | null;
  /** Level of the log line about a failed attempt. */
  readonly logLevel: 'info' | 'warn' | 'error';
  readonly advice: SupportAdvice;
}

const ASK_RIDENDINE = 'Ask RideNDine whether they have an order with our order id as external_order_id.';
const NEW_CHECKOUT = 'The customer opens the checkout again, which makes a new quote, and confirms it.';
const NOT_ORDERED = 'Nothing was ordered, and the customer pays nothing.';
/** For an order that was tried until its quote had expired. */
const NOT_ORDERED_IN_TIME = `${NOT_ORDERED} ${NEW_CHECKOUT}`;
const CONFIRM_AGAIN =
  'the customer can confirm the checkout again. If an earlier run has left an order, that order goes on by itself.';
const DIRECTUS_DOWN = 'Nothing, for some minutes. If it lasts longer, call whoever runs Directus.';
const RIDENDINE_DOWN = 'Nothing, for some minutes. If it lasts longer, call RideNDine and ask whether they are down.';
/** For a step that asks Temporal and gets no answer. */
export const TEMPORAL_DOWN =
  'Nothing, for some minutes. If it lasts longer, call whoever runs order creation: Temporal does not answer.';
/** For an order that waits because calls to RideNDine are paused. */
export const CALLS_PAUSED =
  'Nothing: the order is sent once the calls are resumed. Whoever paused them can do that ("npm run ridendine -- resume").';
const CONFIGURATION =
  'Call whoever runs order creation, at once: no order gets through. RIDENDINE_API_KEY or RIDENDINE_BASE_URL is wrong.';

/** A checkout is refused for what it contains, or for what became of its order. Nothing on our side is broken. */
const refusal = {
  retry: 'never',
  retryable: false,
  fault: 'checkout',
  finalFor: null,
  logLevel: 'info',
  httpStatus: 422,
} as const satisfies Partial<FailureFacts>;

/** The other side cannot do now what we ask. It is asked again. */
const outage = {
  retry: 'backoff',
  httpStatus: 503,
  retryable: true,
  fault: 'ridendine',
  finalFor: null,
  logLevel: 'warn',
} as const satisfies Partial<FailureFacts>;

/**
 * Every way in which an order creation can fail, with every fact about it. The code is the `type` of the Temporal
 * failure, `failure_code` in Directus and `code` in the gateway's problem documents. A code is never renamed: other
 * teams and old orders use it.
 */
const table = {
  CheckoutInvalid: {
    meaning: 'The checkout breaks a rule, or several rules.',
    ...refusal,
    advice: {
      whenFailed:
        'The customer corrects what is named here and confirms again. If many customers meet it, tell the team of the checkout page.',
    },
  },
  QuoteNotFound: {
    meaning: 'The customer has no quote with this id.',
    ...refusal,
    advice: {
      whenFailed: `${NEW_CHECKOUT} If many customers meet it, tell the team of the checkout page: quotes get lost.`,
    },
  },
  QuoteExpired: {
    meaning: 'The quote is no longer valid.',
    ...refusal,
    advice: { whenFailed: NEW_CHECKOUT },
  },
  StoreNotOnRideNDine: {
    meaning: 'The store has no RideNDine merchant.',
    ...refusal,
    advice: {
      whenFailed:
        "Have the store's RideNDine merchant id entered in Directus (Stores), without a blank in it. Then the customer can confirm the checkout again.",
    },
  },
  QuoteAlreadyUsed: {
    meaning: 'Another live order was made from the quote.',
    ...refusal,
    httpStatus: 409,
    finalFor: 'quote',
    advice: {
      whenFailed:
        'Find the other order of this quote in Directus: most likely the customer confirmed twice, and that one is the order. Nothing more is to be done.',
    },
  },
  IdempotencyKeyReused: {
    meaning: 'The idempotency key belongs to another checkout.',
    ...refusal,
    finalFor: 'key',
    advice: {
      whenFailed:
        'The first order of this key is not touched. Tell the team of the checkout page: it has sent two different checkouts with one key.',
    },
  },
  DirectusUnavailable: {
    meaning: 'Directus cannot be reached, is overloaded or refuses our credential.',
    ...outage,
    fault: 'directus',
    advice: {
      whileTried: DIRECTUS_DOWN,
      whenFailed: `Call whoever runs Directus. Once it answers again, ${CONFIRM_AGAIN}`,
    },
  },
  DirectusRejected: {
    meaning: 'Directus refuses the request as such.',
    retry: 'never',
    httpStatus: 502,
    retryable: false,
    fault: 'directus',
    finalFor: null,
    logLevel: 'error',
    advice: {
      whileTried:
        'Call whoever runs Directus: it refuses to store a change of this order. Once that is corrected, the step succeeds by itself.',
      whenFailed: `Call whoever runs Directus: it refuses to take orders. Once that is corrected, ${CONFIRM_AGAIN}`,
    },
  },
  RideNDineRejected: {
    meaning: 'RideNDine refuses the order.',
    ...refusal,
    advice: {
      whileTried: 'Wait some seconds: RideNDine may be restarting. If the same answer lasts, the order ends.',
      whenFailed: `${NOT_ORDERED} What RideNDine wrote stands in Current Details (What happened to this order). If they mend it on their side, the customer confirms the same checkout again. If it is in the order (phone, address, dishes, the merchant id of the store), have it corrected; then the customer opens the checkout again, since this order is only ever sent as it was written.`,
      inReview: `RideNDine refuses the order now, but an earlier call may have reached them. ${ASK_RIDENDINE}`,
    },
  },
  RideNDineUnauthorized: {
    meaning: 'RideNDine refuses our credential or address: our configuration is wrong, not the order.',
    ...outage,
    retry: 'slowly',
    fault: 'configuration',
    logLevel: 'error',
    advice: {
      whileTried: CONFIGURATION,
      whenFailed: `${NOT_ORDERED_IN_TIME} ${CONFIGURATION}`,
      inReview: `${CONFIGURATION} ${ASK_RIDENDINE}`,
    },
  },
  RideNDineRateLimited: {
    meaning: 'RideNDine asks us to send fewer requests.',
    ...outage,
    retry: 'retry-after',
    advice: {
      whileTried: 'Nothing: RideNDine has said when to ask again, and the next attempt waits until then.',
      whenFailed: `${NOT_ORDERED_IN_TIME} If many orders end like this, ask RideNDine for a higher limit.`,
      inReview: ASK_RIDENDINE,
    },
  },
  RideNDineUnavailable: {
    meaning: 'RideNDine cannot be reached or does not give a usable answer.',
    ...outage,
    advice: {
      whileTried: RIDENDINE_DOWN,
      whenFailed: `${NOT_ORDERED_IN_TIME} RideNDine could not be reached while the quote was valid.`,
      inReview: `RideNDine has given no usable answer, and is not asked again by itself. ${ASK_RIDENDINE}`,
    },
  },
  RideNDineContractBroken: {
    meaning: 'RideNDine accepted the order, but its reply lacks the ids.',
    ...outage,
    logLevel: 'error',
    advice: {
      whileTried:
        'Call RideNDine: they take orders, but their answer lacks the ids. Asking again makes no second order.',
      whenFailed: 'Call RideNDine: they take orders, but their answer lacks the ids.',
      inReview: `RideNDine most likely has the order. ${ASK_RIDENDINE} They can tell its two ids.`,
    },
  },
  LinkConflict: {
    meaning: 'The order is linked to another RideNDine order, or another order to this one.',
    retry: 'review',
    httpStatus: 202,
    retryable: false,
    fault: 'ridendine',
    finalFor: null,
    logLevel: 'warn',
    advice: {
      whenFailed: 'Compare the order in Directus with those at RideNDine, and have a duplicate cancelled there.',
      inReview:
        'Ask RideNDine for the ids of this order. Where an order in Directus has wrong ones, have an administrator of Directus clear them. Then decide: retry if this order has the right ids, or was only ended by hand; link if it has none; abandon if it is a duplicate, once RideNDine has cancelled it.',
    },
  },
  OrderNeedsReview: {
    meaning: 'Support staff abandoned the order, or only they can tell what it is.',
    ...refusal,
    httpStatus: 409,
    finalFor: 'key',
    advice: {
      whenFailed:
        'Look at the order in Directus first. If it has failed, it stays as it is, whatever ids it has: a customer who still wants it opens the checkout again. Otherwise, if it has the ids of RideNDine, the order exists, and a customer who confirms the same checkout again is sent to its payment.',
      inReview: ASK_RIDENDINE,
    },
  },
  OrderCancelled: {
    meaning: 'The order was cancelled.',
    ...refusal,
    httpStatus: 409,
    finalFor: 'key',
    advice: { whenFailed: 'Nothing was ordered. If the customer still wants it, they open the checkout again.' },
  },
} as const satisfies Record<string, FailureFacts>;

export type FailureCode = keyof typeof table;

export const failures: Readonly<Record<FailureCode, FailureFacts>> = table;

/** Whether `text` is one of our codes: failures of other origins (a time-out, a bug) carry other types. */
export function isFailureCode(text: unknown): text is FailureCode {
  return typeof text === 'string' && Object.hasOwn(failures, text);
}
