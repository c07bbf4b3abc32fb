import { log } from '@temporalio/activity';
import type { OrdersStore, UnfinishedOrder } from '../integrations/directus/orders-store.ts';
import { directusFailure } from './failures.ts';
import type { OrderSweepActivities } from './order-sweep-activities.ts';

/** The runs of `orderCreation`. */
export interface OrderRuns {
  /** Starts a run for an order, unless one is open. Temporal decides, so that asking twice at once does no harm. */
  continueOrder(order: UnfinishedOrder): Promise<'started' | 'is open'>;
}

/** Few enough for one attempt, many enough for a sweep in minutes after a day's outage. */
const PAGE_SIZE = 100;

export function createContinueLostOrders({
  orders,
  runs,
}: {
  orders: OrdersStore;
  runs: OrderRuns;
}): OrderSweepActivities['continueLostOrders'] {
  return async ({ created_before, skip }) => {
    const unfinished = await read(orders, created_before, skip);
    let continued = 0;
    for (const order of unfinished) {
      if ((await runs.continueOrder(order)) === 'is open') continue;
      continued += 1;
      log.warn('Found an order that no run carried, and continued it.', { workflowId: order.workflowId });
    }
    return { unfinished: unfinished.length, continued, is_last: unfinished.length < PAGE_SIZE };
  };
}

async function read(orders: OrdersStore, createdBefore: string, skip: number): Promise<UnfinishedOrder[]> {
  try {
    return await orders.findUnfinishedOrders({ createdBefore, skip, limit: PAGE_SIZE });
  } catch (error) {
    throw directusFailure(error, 'keep-trying');
  }
}
