import { WorkflowNotFoundError } from '@temporalio/client';
import type { OrderWorld } from '../support/order-world.ts';
import { allowedOutcomes } from './allowed-outcomes.ts';
import type { Expectation, FinalAnswer, OrderRow, PartnerOrder, Snapshot } from './check.ts';
import type { PlannedOrder } from './planned-order.ts';

/** Reads the final state directly from Directus, the sandbox and Temporal, without the code that makes orders. */
export async function readSnapshot(
  world: OrderWorld,
  { orders, answers }: { orders: PlannedOrder[]; answers: FinalAnswer[] },
): Promise<Snapshot> {
  const { data } = await world.directus('/items/orders?fields=*,order_items.*&limit=-1&deep[order_items][_limit]=-1');
  return {
    expectations: orders.map(expectationOf),
    orders: data as OrderRow[],
    partnerOrders: await readPartnerOrders(world),
    answers,
    runs: await readRuns(world, orders),
  };
}

export async function readPartnerOrders(world: OrderWorld): Promise<PartnerOrder[]> {
  const { orders } = await world.sandbox('/sandbox/orders');
  return orders as PartnerOrder[];
}

function expectationOf(order: PlannedOrder): Expectation {
  const { name, key, checkout, items, totals } = order;
  const { quote_id, customer_id, fulfillment_method } = checkout;
  return {
    name,
    key,
    quote_id,
    customer_id,
    fulfillment_method,
    items: items.map((line) => ({ ...line })),
    totals: { ...totals },
    outcomes: allowedOutcomes(order),
  };
}

async function readRuns({ temporal }: OrderWorld, orders: PlannedOrder[]): Promise<Snapshot['runs']> {
  const runs = await Promise.all(
    orders.map(async ({ key }) => {
      // Each run is read by its workflow id, since Temporal's list of runs lags behind.
      const run = temporal.workflow.getHandle(`order-creation-${key}`);
      try {
        return [{ key, status: (await run.describe()).status.name }];
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return [];
        throw error;
      }
    }),
  );
  return runs.flat();
}
