// Compiled as workflow code.
import type { OrderCreationActivities } from '../src/activities/order-creation-activities.ts';
import type { OrderCreationInput } from '../src/contract/runs.ts';
import type { OrderCreationResult } from '../src/domain/order.ts';

/** The four steps of the good path. */
export type BareSteps = Pick<
  OrderCreationActivities,
  'validateCheckout' | 'createOrderRecord' | 'createRideNDineOrder' | 'saveLinkIds'
>;

/** The good path and nothing else: what the engine takes for it, whatever one writes. */
export async function takeBareSteps(
  input: OrderCreationInput,
  { directus, partner }: { directus: BareSteps; partner: BareSteps },
): Promise<OrderCreationResult> {
  const standing = await directus.validateCheckout(input);
  if (standing.kind !== 'new') throw new Error('There is an order already.');
  const order = await directus.createOrderRecord({ request: input, standing });
  const link = await partner.createRideNDineOrder({ ...order, is_asked: false });
  return await directus.saveLinkIds({ order_id: order.order_id, link });
}
