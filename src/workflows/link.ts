import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import { DECISION_TIME, afterTheRecord, named } from './activity-options.ts';
import type { TakeDirectusStep } from './directus-steps.ts';

/** @param typedByHand where support staff have decided and typed the ids, and RideNDine has not told them. */
export function saveLinkIds(
  directus: TakeDirectusStep,
  orderId: string,
  link: LinkIds,
  typedByHand?: { ids_checked: boolean },
): Promise<OrderCreationResult> {
  const about = {
    summary: `Save the RideNDine ids on ${named(orderId)}`,
    options: { ...afterTheRecord, ...(typedByHand && { scheduleToCloseTimeout: DECISION_TIME }) },
  };
  return directus(about, (steps) =>
    steps.saveLinkIds({ order_id: orderId, link, ...(typedByHand && { typed_by_hand: typedByHand }) }),
  );
}
