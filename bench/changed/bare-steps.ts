// Compiled as workflow code.
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../../src/contract/runs.ts';
import type { OrderCreationResult } from '../../src/domain/order.ts';

/** The four steps of the good path. */
export type BareSteps = Pick<
  OrderCreationActivities,
  'validateCheckout' | 'createOrderRecord' | 'createRideNDineOrder' | 'saveLinkIds'
>;

/** A workflow of the good path and nothing else. It shows what Temporal itself takes, whatever the workflow is. */
export function bareWorkflow(directus: BareSteps, partner: BareSteps) {
  return async (input: OrderCreationInput): Promise<OrderCreationResult> => {
    const standing = await directus.validateCheckout(input);
    if (standing.kind !== 'new') throw new Error('There is an order already.');
    const order = await directus.createOrderRecord({ request: input, standing });
    const link = await partner.createRideNDineOrder({ ...order, asked_by_support: false });
    return await directus.saveLinkIds({ order_id: order.order_id, link });
  };
}
