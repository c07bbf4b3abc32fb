/**
 * What is known of an attempt to create the partner's order:
 * - `rejected`: the partner definitely refused it;
 * - `notSent`: proven that no order can have come of it, the request never left or was turned away at the door;
 * - `maybeSent`: everything else. The partner may have the order; only the same key and the same bytes are safe.
 */
export type AttemptOutcome = 'rejected' | 'notSent' | 'maybeSent';
