import type { FailureCode } from './failure-codes.ts';

/** What support staff can do about a failure, in sentences for people who do not program. */
export interface SupportAdvice {
  /** While the step is tried again by itself. */
  readonly whileTried?: string;
  /** Once the order creation has failed with it. */
  readonly whenFailed: string;
  /** While the order waits for their decision because of it; the ways to decide are told beside it. */
  readonly inReview?: string;
}

const ASK_RIDENDINE = 'Ask RideNDine whether they have an order with our order id as external_order_id.';
const NEW_CHECKOUT = 'The customer opens the checkout again, which makes a new quote, and confirms it.';
const CONFIRM_AGAIN = 'Nothing was ordered and nothing is to be paid. The customer can confirm the checkout again.';
const DIRECTUS_DOWN = 'Nothing, for some minutes. If it lasts longer, call whoever runs Directus.';
const RIDENDINE_DOWN = 'Nothing, for some minutes. If it lasts longer, call RideNDine and ask whether they are down.';
/** For a step in whose way Temporal itself stands. */
export const TEMPORAL_DOWN =
  'Nothing, for some minutes. If it lasts longer, call whoever runs order creation: Temporal does not answer.';
const CONFIGURATION =
  'Call whoever runs order creation, at once: no order gets through. RIDENDINE_API_KEY or RIDENDINE_BASE_URL is wrong.';

export const supportAdvice: Record<FailureCode, SupportAdvice> = {
  CheckoutInvalid: {
    whenFailed:
      'The customer corrects what is named here and confirms again. If many customers meet it, tell the team of the checkout page.',
  },
  QuoteNotFound: {
    whenFailed: `${NEW_CHECKOUT} If many customers meet it, tell the team of the checkout page: quotes get lost.`,
  },
  QuoteExpired: { whenFailed: NEW_CHECKOUT },
  StoreNotOnRideNDine: {
    whenFailed:
      "Have the store's RideNDine merchant id entered in Directus (Stores), without a blank in it. Then the customer can confirm the checkout again.",
  },
  QuoteAlreadyUsed: {
    whenFailed:
      'Find the other order of this quote in Directus: most likely the customer confirmed twice, and that one is the order. Nothing more is to be done.',
  },
  IdempotencyKeyReused: {
    whenFailed:
      'The first order of this key is not touched. Tell the team of the checkout page: it has sent two different checkouts with one key.',
  },
  DirectusUnavailable: {
    whileTried: DIRECTUS_DOWN,
    whenFailed:
      'Call whoever runs Directus. Once it answers again the customer can confirm the checkout again; if an order is there already, it goes on by itself.',
  },
  DirectusRejected: {
    whileTried:
      'Call whoever runs Directus: it refuses what is to be written about this order. The step succeeds by itself once that is mended.',
    whenFailed:
      'Call whoever runs Directus: it refuses to take orders. Nothing was sent to RideNDine. The customer can confirm again once that is mended.',
  },
  RideNDineRejected: {
    whileTried:
      'Nothing, for some seconds: RideNDine may be being set up anew. If the same answer lasts, the order ends.',
    whenFailed:
      'Nothing was ordered and nothing is to be paid. What RideNDine wrote stands in the history, with the step that failed. If they mend it on their side, the customer confirms the same checkout again. If it is in the order (phone, address, dishes, the merchant id of the store), have it corrected; then the customer opens the checkout again, since this order is only ever sent as it was written.',
    inReview: `RideNDine refuses the order now, but an earlier call may have reached them. ${ASK_RIDENDINE}`,
  },
  RideNDineUnauthorized: {
    whileTried: CONFIGURATION,
    whenFailed: `${CONFIRM_AGAIN} ${CONFIGURATION}`,
    inReview: `${CONFIGURATION} ${ASK_RIDENDINE}`,
  },
  RideNDineRateLimited: {
    whileTried: 'Nothing: RideNDine says when they can be asked again, and that is kept to.',
    whenFailed: `${CONFIRM_AGAIN} If many orders end like this, ask RideNDine for a higher limit.`,
    inReview: ASK_RIDENDINE,
  },
  RideNDineUnavailable: {
    whileTried: RIDENDINE_DOWN,
    whenFailed: `${CONFIRM_AGAIN} RideNDine could not be reached while the quote was valid.`,
    inReview: `RideNDine has given no usable answer, and is not asked again by itself. ${ASK_RIDENDINE}`,
  },
  RideNDineContractBroken: {
    whileTried: 'Call RideNDine: they take orders, but their answer lacks the ids. Asking again makes no second order.',
    whenFailed: 'Call RideNDine: they take orders, but their answer lacks the ids.',
    inReview: `RideNDine most likely has the order. ${ASK_RIDENDINE} They can tell its two ids.`,
  },
  LinkConflict: {
    whenFailed: 'Compare the order in Directus with those at RideNDine, and have one that is too many cancelled there.',
    inReview:
      'Ask RideNDine for the ids of this order. Where an order in Directus has wrong ones, have an administrator of Directus clear them. Then decide: retry if this order has the right ids, or was only ended by hand; link if it has none; abandon if it is one too many, once RideNDine has cancelled it.',
  },
  OrderNeedsReview: {
    whenFailed:
      'Look at the order in Directus first. If it has failed, it stays as it is, whatever ids it has: who still wants it opens the checkout again. Otherwise, if it has the ids of RideNDine, it is made, and the customer who confirms the same checkout again is sent to its payment.',
    inReview: ASK_RIDENDINE,
  },
  OrderCancelled: { whenFailed: 'Nothing was ordered. If the customer still wants it, they open the checkout again.' },
};
