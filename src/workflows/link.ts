import { proxyActivities } from '@temporalio/workflow';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import { afterTheRecord } from './activity-options.ts';

export const { saveLinkIds } = proxyActivities<OrderCreationActivities>({
  ...afterTheRecord,
  summary: 'Save the RideNDine ids on the order',
});
