import type { OrderWorld } from '../support/order-world.ts';
import { STORE_ID } from './order-plan.ts';
import { faultKinds } from './partner-faults.ts';
import type { PlannedOrder } from './planned-order.ts';

/** Long enough that no quote expires during the storm. */
const QUOTE_LIFE_MS = 24 * 60 * 60_000;

export async function addStore(world: OrderWorld): Promise<void> {
  const store = { id: STORE_ID, name: 'Kitchen of the storm', ridendine_merchant_id: 'merchant-storm' };
  await world.directus('/items/stores', { method: 'POST', body: JSON.stringify(store) });
}

/** Writes to Directus what Phase 2 would have written for these orders: customers and quotes. */
export async function addQuotes(world: OrderWorld, orders: PlannedOrder[]): Promise<void> {
  const customers = orders.map(({ checkout }, index) => ({
    id: checkout.customer_id,
    name: `Customer ${index + 1}`,
    phone: '+1 555 0100',
    email: `customer-${index + 1}@example.com`,
  }));
  const quotes = orders.map(({ checkout, store_id, items, totals }) => ({
    id: checkout.quote_id,
    customer: checkout.customer_id,
    store: store_id,
    fulfillment_method: checkout.fulfillment_method,
    totals,
    items_snapshot: items,
    expires_at: new Date(Date.now() + QUOTE_LIFE_MS).toISOString(),
  }));
  await world.directus('/items/customers', { method: 'POST', body: JSON.stringify(customers) });
  await world.directus('/items/quotes', { method: 'POST', body: JSON.stringify(quotes) });
}

/** Plans the faults of these orders at the sandbox. */
export async function addFaults(world: OrderWorld, orders: PlannedOrder[]): Promise<void> {
  for (const { checkout, faults, isRefusedForGood } of orders) {
    const { quote_id } = checkout;
    for (const name of faults) await world.addFault({ ...faultKinds[name].fault, quote_id });
    if (isRefusedForGood) await world.addFault({ ...faultKinds['status 422'].fault, quote_id, times: null });
  }
}
