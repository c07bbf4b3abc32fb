// Compiled as workflow code.
import { proxyActivities } from '@temporalio/workflow';
import type { OrderCreationActivities } from '../src/activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../src/contract/runs.ts';
import type { OrderCreationResult } from '../src/domain/order.ts';
import { takeBareSteps } from './bare-steps.ts';

/** Four activities, as one would begin. */
export function orderCreation(input: OrderCreationInput): Promise<OrderCreationResult> {
  const activities = proxyActivities<OrderCreationActivities>({ startToCloseTimeout: '1 min' });
  return takeBareSteps(input, { directus: activities, partner: activities });
}
