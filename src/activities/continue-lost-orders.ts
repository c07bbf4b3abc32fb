import { log } from '@temporalio/activity';
import type { UnfinishedOrder } from '../integrations/directus/order-rows.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { OrderRuns } from './order-runs.ts';

/** The steps of `orderSweep`, as the workflow calls them and the worker offers them. */
export interface OrderSweepActivities {
  /**
   * Reads one page of the unfinished orders in Directus, the oldest first, and starts a run for each order that has no
   * open run. If a run cannot be started, its order is counted as `failed`, and the log tells why.
   */
  continueLostOrders(page: {
    /** ISO 8601. */
    created_before: string;
    skip: number;
  }): Promise<{ unfinished: number; continued: number; failed: number; is_last: boolean }>;
}

/** Small enough for the time of one attempt, large enough that a sweep after a day's outage takes only minutes. */
const PAGE_SIZE = 100;
const STARTS_AT_ONCE = 10;

export function continueLostOrdersWith({
  orders,
  runs,
}: {
  orders: OrdersStore;
  runs: OrderRuns;
}): OrderSweepActivities['continueLostOrders'] {
  const continueOne = async (order: UnfinishedOrder) => {
    try {
      const outcome = await runs.continueOrder(order);
      if (outcome === 'started') log.warn('Continued an order that no run carried.', { workflowId: order.workflowId });
      return outcome;
    } catch (error) {
      // An order that cannot be continued must not hold up the others.
      const reason = error instanceof Error ? error.message : String(error);
      log.error(`Could not continue an order that no run carries: ${reason}`, { workflowId: order.workflowId });
      return 'failed';
    }
  };
  return async ({ created_before, skip }) => {
    const unfinished = await orders.findUnfinishedOrders({ createdBefore: created_before, skip, limit: PAGE_SIZE });
    const outcomes: Awaited<ReturnType<typeof continueOne>>[] = [];
    for (let at = 0; at < unfinished.length; at += STARTS_AT_ONCE) {
      outcomes.push(...(await Promise.all(unfinished.slice(at, at + STARTS_AT_ONCE).map(continueOne))));
    }
    const count = (outcome: (typeof outcomes)[number]) => outcomes.filter((each) => each === outcome).length;
    return {
      unfinished: unfinished.length,
      continued: count('started'),
      failed: count('failed'),
      is_last: unfinished.length === 0,
    };
  };
}
