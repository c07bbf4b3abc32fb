import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import { afterTheRecord, named } from './activity-options.ts';
import type { TakeDirectusStep } from './directus-steps.ts';

/** @param origin whether RideNDine has told the ids, or support staff have typed them. */
export function saveLinkIds(
  directus: TakeDirectusStep,
  orderId: string,
  link: LinkIds,
  origin: 'told by RideNDine' | 'typed by hand' = 'told by RideNDine',
): Promise<OrderCreationResult> {
  const about = { summary: `Save the RideNDine ids on ${named(orderId)}`, options: afterTheRecord };
  return directus(about, (steps) =>
    steps.saveLinkIds({ order_id: orderId, link, ...(origin === 'typed by hand' && { typed_by_hand: true }) }),
  );
}
