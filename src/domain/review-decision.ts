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

const fieldsOf: Record<ReviewDecision['decision'], readonly string[]> = {
  retry: ['actor', 'reason'],
  link: ['actor', 'reason', 'ridendine_order_id', 'payment_session_id'],
  abandon: ['actor', 'reason'],
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
  return fieldsOf[decision as ReviewDecision['decision']].filter((field) => {
    const value = given.get(field);
    return typeof value !== 'string' || value.trim() === '';
  });
}
