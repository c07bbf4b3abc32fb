import { longestLinkId } from './order.ts';
import { isStorable } from './storable.ts';

/** Type of the failure by which a decision that can't be taken is refused. Its message is shown in clear. */
export const DECISION_REFUSED = 'DecisionRefused';

/** Who decides, and why: kept in the run's history. */
interface Decided {
  actor: string;
  reason: string;
}

/**
 * What support staff decide about an order in review, by the update `resolveReview`:
 * - `retry`: ask RideNDine once more, with the same key and bytes;
 * - `link`: they found the order at RideNDine, and these are its ids;
 * - `abandon`: no order shall come of it.
 */
export type ReviewDecision = Decided &
  (
    | { decision: 'retry' }
    | { decision: 'link'; ridendine_order_id: string; payment_session_id: string }
    | { decision: 'abandon' }
  );

/** The update `cancelOrder`: support staff want an order cancelled that has not been sent to RideNDine. */
export type CancelRequest = Decided;

const LONGEST_WORDS = 500;
const words = { actor: LONGEST_WORDS, reason: LONGEST_WORDS };

/** The fields of each decision, and how long each may be. */
const fieldsOf: Record<ReviewDecision['decision'], Record<string, number>> = {
  retry: words,
  link: { ...words, ...longestLinkId },
  abandon: words,
};

/**
 * The fields that keep `input` from being a {@link ReviewDecision}; none if it is one. Written without a schema library,
 * because it runs inside the workflow, where every run pays for what is loaded.
 */
export function faultsOfReviewDecision(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return ['decision'];
  const given = new Map<string, unknown>(Object.entries(input));
  const decision = given.get('decision');
  if (typeof decision !== 'string' || !Object.hasOwn(fieldsOf, decision)) return ['decision'];
  const fields = fieldsOf[decision as ReviewDecision['decision']];
  return Object.keys(fields).filter((field) => {
    const value = given.get(field);
    const isUsable =
      typeof value === 'string' && value.trim() !== '' && value.length <= Number(fields[field]) && isStorable(value);
    return !isUsable;
  });
}

/** What keeps `input` from being a {@link CancelRequest}, a sentence each. */
export function faultsOfCancelRequest(input: unknown): string[] {
  const { actor, reason } = Object(input) as { actor?: unknown; reason?: unknown };
  return faultsOfReviewDecision({ decision: 'abandon', actor, reason }).map((field) => `Check ${field}.`);
}
