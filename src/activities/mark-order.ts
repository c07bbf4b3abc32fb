import { hasEnded, linkOf } from '../domain/order.ts';
import { DirectusRejectedError } from '../integrations/directus/errors.ts';
import type { OrderStatusChange, OrdersStore } from '../integrations/directus/orders-store.ts';
import type { Partner } from '../integrations/partner.ts';
import { newOrder } from './new-order.ts';
import type { MarkResult, OrderCreationActivities, OrderMark } from './order-creation-activities.ts';
import { currentRunId } from './current-run.ts';
import { writeUnlessTaken } from './taken-values.ts';

export function markOrderWith(dependencies: {
  orders: OrdersStore;
  partner: Pick<Partner, 'orderBody'>;
}): OrderCreationActivities['markOrder'] {
  return async (mark) => {
    if (mark.found_by_run !== undefined && mark.found_by_run !== currentRunId()) return { kind: 'left' };
    const takesQuote = mark.status === 'PENDING_PAYMENT' || mark.retake_quote === true;
    return takesQuote ? await makeLive(dependencies.orders, mark) : await write(dependencies, mark);
  };
}

/** Writes a live order status. The order takes its quote again, in case somebody has set the quote free meanwhile. */
async function makeLive(orders: OrdersStore, mark: OrderMark): Promise<MarkResult> {
  const order = await orders.findOrderById(mark.order_id);
  if (!order) return { kind: 'missing' };
  const { id, quote_id } = order;
  return await writeUnlessTaken<MarkResult>(
    async () => {
      const result = await changeOrder(orders, id, { ...changeOf(mark), activeQuoteId: quote_id });
      if (result.kind === 'left' && mark.recorded_anyway && mark.support_action) {
        await orders.recordAction(id, mark.support_action);
      }
      return result;
    },
    async () => {
      const owner = quote_id === null ? null : await orders.findLiveOrderOfQuote(quote_id, { otherThan: id });
      if (!owner) return undefined;
      // An order must get into review even if another live order has its quote.
      return mark.retake_quote ? await changeOrder(orders, id, changeOf(mark)) : { kind: 'left', quote_taken: true };
    },
  );
}

async function write(
  { orders, partner }: Parameters<typeof markOrderWith>[0],
  { if_missing, ...mark }: OrderMark,
): Promise<MarkResult> {
  const change = changeOf(mark);
  const result = await changeOrder(orders, mark.order_id, change);
  if (result.kind !== 'missing' || !if_missing || !hasEnded(mark.status)) return result;
  try {
    const order = newOrder(if_missing.request, { checkout: if_missing.checkout, runId: currentRunId(), partner });
    const written = await orders.createOrder({ ...order, ended: change });
    return { kind: 'marked', link: linkOf(written) };
  } catch (error) {
    // If Directus refuses the row now, it has not written the row before and will not write it later.
    if (error instanceof DirectusRejectedError) return result;
    throw error;
  }
}

async function changeOrder(orders: OrdersStore, orderId: string, change: OrderStatusChange): Promise<MarkResult> {
  const marked = await orders.changeStatus(orderId, change);
  if (marked) return { kind: 'marked', link: linkOf(marked) };
  return { kind: (await orders.findOrderById(orderId)) ? 'left' : 'missing' };
}

function changeOf(mark: OrderMark): OrderStatusChange {
  return {
    status: mark.status,
    failureCode: mark.failure_code,
    failureReason: mark.failure_reason,
    onlyIfUnlinked: mark.found_by_run !== undefined,
    supportAction: mark.support_action,
  };
}
