import type { LinkIds } from './order.ts';

/**
 * What support staff did about an order, as its row in Directus keeps it: the list in `orders.support_actions`, the
 * oldest first.
 */
export interface SupportAction {
  /** The same for every attempt to record it: by which it is recorded once. */
  id: string;
  /** When it was done, ISO 8601. */
  at: string;
  /** Who did it, in their own words. */
  actor: string;
  /** A review's decision, that the order was cancelled, a wrong link corrected, or the customer forgotten. */
  action: 'retry' | 'link' | 'abandon' | 'cancel' | 'correct-link' | 'forget';
  /** Why, in their own words. */
  reason: string;
  /** The ids that were wrong, where the link was corrected. */
  replaced?: LinkIds;
}
