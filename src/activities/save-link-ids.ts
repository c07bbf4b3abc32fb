import { hasEnded, resultOf } from '../domain/order.ts';
import type { LinkIds, StoredOrder } from '../domain/order.ts';
import { DirectusRejectedError } from '../integrations/directus/errors.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { finalFailure } from './application-failures.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import { requireFreeLink, requireLikelyLink, writeUnlessTaken } from './taken-values.ts';

export function saveLinkIdsWith({ orders }: { orders: OrdersStore }): OrderCreationActivities['saveLinkIds'] {
  return async ({ order_id, link, typed_by_hand }) => {
    if (typed_by_hand) {
      // RideNDine gives each order its own ids, but a person may copy the wrong line or column.
      await requireFreeLink(orders, order_id, link);
      if (!typed_by_hand.ids_checked) await requireLikelyLink(orders, link, { otherThan: order_id });
    }
    const order = await write(orders, order_id, link);
    const result = resultOf(order);
    const isSame =
      result?.ridendine_order_id === link.ridendine_order_id && result.payment_session_id === link.payment_session_id;
    if (isSame) return result;
    if (hasEnded(order.status)) {
      throw finalFailure('LinkConflict', 'The order has ended in Directus, and RideNDine has it all the same.');
    }
    throw finalFailure('LinkConflict', 'The order is already linked to another RideNDine order or payment session.');
  };
}

async function write(orders: OrdersStore, orderId: string, link: LinkIds): Promise<StoredOrder> {
  const order = await writeUnlessTaken(
    // `saveLink` does not write to an order that has ended, or that an earlier attempt or somebody else has linked.
    async () => (await orders.saveLink(orderId, link)) ?? (await orders.findOrderById(orderId)),
    () => requireFreeLink(orders, orderId, link),
  );
  if (order) return order;
  throw new DirectusRejectedError('The order is missing in Directus.');
}
