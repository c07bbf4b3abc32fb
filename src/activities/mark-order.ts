import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import { directusFailure } from './failures.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';

export function createMarkOrder({ orders }: { orders: OrdersStore }): OrderCreationActivities['markOrder'] {
  return async ({ order_id, status, failure_code, failure_reason, quote_id }) => {
    const isLive = status !== 'FAILED' && status !== 'CANCELLED';
    try {
      await orders.changeStatus(order_id, {
        status,
        failureCode: failure_code,
        failureReason: failure_reason,
        activeQuoteId: isLive ? quote_id : null,
      });
    } catch (error) {
      throw directusFailure(error, 'keep-trying');
    }
  };
}
