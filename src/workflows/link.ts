import { proxyActivities } from '@temporalio/workflow';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import { afterTheRecord, named } from './activity-options.ts';

/** @param origin whether RideNDine has told the ids, or support staff have typed them. */
export function saveLinkIds(
  orderId: string,
  link: LinkIds,
  origin: 'told by RideNDine' | 'typed by hand' = 'told by RideNDine',
): Promise<OrderCreationResult> {
  const summary = `Save the RideNDine ids on ${named(orderId)}`;
  const directus = proxyActivities<OrderCreationActivities>({ ...afterTheRecord, summary });
  return directus.saveLinkIds({
    order_id: orderId,
    link,
    ...(origin === 'typed by hand' && { typed_by_hand: true }),
  });
}
