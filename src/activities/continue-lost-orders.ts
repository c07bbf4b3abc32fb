import { log } from '@temporalio/activity';
import type { UnfinishedOrder } from '../integrations/directus/order-rows.ts';
import type { OrdersStore } from '../integrations/directus/orders-store.ts';
import type { OrderRuns } from './order-runs.ts';

/** The steps of `orderSweep`, as the workflow calls them and the worker offers them. */
export interface OrderSweepActivities {
  /**
   * Looks at one page of the orders that are unfinished in Directus, the oldest first, and starts a run for each that
   * has none open. One that can't be started is counted as `failed`, and told in the log.
   */
  continueLostOrders(page: {
    /** ISO 8601. */
    created_before: string;
    skip: number;
  }): Promise<{ unfinished: number; continued: number; failed: number; is_last: boolean }>;
}

/** Few enough for one attempt, many enough for a sweep in minutes after a day's outage. */
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
      // One that can't be started must not keep the others waiting.
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
