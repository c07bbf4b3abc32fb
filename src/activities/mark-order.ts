import { DirectusRejectedError } from '../integrations/directus/errors.ts';
import type { OrderStatusChange, OrdersStore } from '../integrations/directus/orders-store.ts';
import { directusFailure } from './failures.ts';
import { newOrder } from './new-order.ts';
import type { MarkOutcome, OrderCreationActivities, OrderMark } from './order-creation-activities.ts';

export function createMarkOrder({ orders }: { orders: OrdersStore }): OrderCreationActivities['markOrder'] {
  return async (mark) => {
    try {
      return await write(orders, mark);
    } catch (error) {
      throw directusFailure(error, 'keep-trying');
    }
  };
}

async function write(orders: OrdersStore, { if_missing, ...mark }: OrderMark): Promise<MarkOutcome> {
  const ends = mark.status === 'FAILED' || mark.status === 'CANCELLED';
  const change: OrderStatusChange = {
    status: mark.status,
    failureCode: mark.failure_code,
    failureReason: mark.failure_reason,
    ...(ends && { activeQuoteId: null }),
  };
  if (await orders.changeStatus(mark.order_id, change)) return 'marked';
  if (await orders.findOrderById(mark.order_id)) return 'left';
  if (!if_missing) return 'missing';
  try {
    await orders.createOrder({ ...newOrder(if_missing.request, if_missing.checkout), ended: change });
    return 'marked';
  } catch (error) {
    // What Directus refuses now, it has not written before and will not write later.
    if (error instanceof DirectusRejectedError) return 'missing';
    throw error;
  }
}
