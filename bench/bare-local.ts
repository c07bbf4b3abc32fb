// Compiled as workflow code.
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { OrderCreationActivities } from '../src/activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../src/contract/runs.ts';
import type { OrderCreationResult } from '../src/domain/order.ts';
import { takeBareSteps } from './bare-steps.ts';

/** The product's commands, without what makes a product of them. */
export function orderCreation(input: OrderCreationInput): Promise<OrderCreationResult> {
  return takeBareSteps(input, {
    directus: proxyLocalActivities<OrderCreationActivities>({ startToCloseTimeout: '1 min' }),
    partner: proxyActivities<OrderCreationActivities>({ startToCloseTimeout: '1 min' }),
  });
}
