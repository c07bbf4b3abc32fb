import type { LinkIds } from './order.ts';

/**
 * What support staff did about an order: one entry of the list `orders.support_actions` in Directus. The oldest entry
 * comes first.
 */
export interface SupportAction {
  /** The same for every attempt to record the action, so that it is recorded only once. */
  id: string;
  /** When it was done, ISO 8601. */
  at: string;
  /** Who did it, in their own words. */
  actor: string;
  /** The decision in a review, the cancellation, the correction of a wrong link, or that the customer was forgotten. */
  action: 'retry' | 'link' | 'abandon' | 'cancel' | 'correct-link' | 'forget';
  /** Why, in their own words. */
  reason: string;
  /** For `correct-link`: the ids that were wrong. */
  replaced?: LinkIds;
}
