import { hasEnded } from '../domain/order.ts';
import type { LinkIds, StoredOrder } from '../domain/order.ts';
import { DirectusRejectedError } from '../integrations/directus/errors.ts';
import type { OrderStatusChange, OrdersStore } from '../integrations/directus/orders-store.ts';
import { directusFailure } from './failures.ts';
import { newOrder } from './new-order.ts';
import type { MarkOutcome, OrderCreationActivities, OrderMark } from './order-creation-activities.ts';
import { currentRunId } from './run-id.ts';

export function createMarkOrder({ orders }: { orders: OrdersStore }): OrderCreationActivities['markOrder'] {
  return async (mark) => {
    if (mark.found_by_run !== undefined && mark.found_by_run !== currentRunId()) return { kind: 'left' };
    try {
      return await write(orders, mark);
    } catch (error) {
      throw directusFailure(error, 'keep-trying');
    }
  };
}

async function write(orders: OrdersStore, { if_missing, found_by_run, ...mark }: OrderMark): Promise<MarkOutcome> {
  const change: OrderStatusChange = {
    status: mark.status,
    failureCode: mark.failure_code,
    failureReason: mark.failure_reason,
    onlyIfUnlinked: found_by_run !== undefined,
  };
  const marked = await orders.changeStatus(mark.order_id, change);
  if (marked) return { kind: 'marked', link: linkOf(marked) };
  if (await orders.findOrderById(mark.order_id)) return { kind: 'left' };
  if (!if_missing || !hasEnded(mark.status)) return { kind: 'missing' };
  try {
    const written = await orders.createOrder({ ...newOrder(if_missing.request, if_missing.checkout), ended: change });
    return { kind: 'marked', link: linkOf(written) };
  } catch (error) {
    // What Directus refuses now, it has not written before and will not write later.
    if (error instanceof DirectusRejectedError) return { kind: 'missing' };
    throw error;
  }
}

function linkOf({ ridendine_order_id, payment_session_id }: StoredOrder): LinkIds | null {
  if (ridendine_order_id === null || payment_session_id === null) return null;
  return { ridendine_order_id, payment_session_id };
}
