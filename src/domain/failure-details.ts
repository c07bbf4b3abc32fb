import type { CheckoutProblem } from './checkout.ts';
import type { QuoteUser } from './order.ts';
import type { PartnerPause } from './partner-pause.ts';

/**
 * What is known of a failed attempt to create the order at the partner:
 * - `rejected`: the partner definitely refused the order;
 * - `notSent`: it is proven that the attempt made no order: the request never left, or was turned away unprocessed;
 * - `maybeSent`: everything else. The partner may have the order; only the same key and the same bytes are safe.
 */
export type AttemptOutcome = 'rejected' | 'notSent' | 'maybeSent';

/** What a failure of ours tells programs. It is the first and only entry of the failure's `details`. */
export interface FailureDetails {
  /** What failed and why: one or more sentences without personal data. Every failure that leaves an activity has it. */
  reason?: string;
  /** Of a checkout that is refused: every rule that it breaks. */
  problems?: CheckoutProblem[];
  /** Of `QuoteAlreadyUsed`: the customer's own order that has the quote. */
  used_by?: QuoteUser;
  /** Id of the order, if the failure says that no run may do anything with the order any more. */
  order_id?: string;
  /** How often the step was tried by then, if more than once. */
  attempts?: number;
  /** The field in Directus that somebody has to mend before another attempt can succeed. */
  to_be_mended?: string;
  /** Of `createRideNDineOrder`: what came of the last attempt. */
  outcome?: AttemptOutcome;
  /** Of `createRideNDineOrder`: whether any attempt of any run may have reached RideNDine. */
  maybe_sent?: boolean;
  /** HTTP status of RideNDine's answer. */
  status?: number;
  partner_text?: string;
  /** Until when RideNDine is asked again. ISO 8601. */
  tried_until?: string;
  /** The pause because of which RideNDine was not asked. */
  pause?: PartnerPause;
}

/** The details of a failure of ours; an empty object for a failure without details. */
export function detailsOf({ details }: { details?: unknown[] | null | undefined }): FailureDetails {
  return Object(details?.[0]) as FailureDetails;
}

/** The reason in a failure's details; for a failure that has none there, its message. */
export function reasonOf(failure: { message: string; details?: unknown[] | null | undefined }): string {
  const { reason } = detailsOf(failure);
  return typeof reason === 'string' ? reason : failure.message;
}

/** What a failure tells a person, in the order in which they read it. */
export interface FailureText {
  /** What failed and why: one or more sentences without personal data. */
  reason: string;
  /** Whether the step is tried again, and when. */
  next?: string;
  /** What the person can do. */
  advice?: string;
  /** For developers. */
  technical?: string;
}

/** The message of a failure as the Temporal UI shows it. */
export function failureText({ reason, next, advice, technical }: FailureText): string {
  return [reason, next, advice && `What you can do: ${advice}`, technical && `Technical: ${technical}`]
    .filter((part) => part !== undefined && part !== '')
    .join('\n\n');
}
