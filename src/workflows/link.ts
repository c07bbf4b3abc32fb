import { proxyActivities } from '@temporalio/workflow';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import type { LinkIds, OrderCreationResult } from '../domain/order.ts';
import { afterTheRecord, named } from './activity-options.ts';

export function saveLinkIds(orderId: string, link: LinkIds): Promise<OrderCreationResult> {
  const summary = `Save the RideNDine ids on ${named(orderId)}`;
  const directus = proxyActivities<OrderCreationActivities>({ ...afterTheRecord, summary });
  return directus.saveLinkIds({ order_id: orderId, link });
}
