import type { FaultName } from './partner-faults.ts';
import type { PlannedLine, PlannedOrder, PlannedTotals } from './planned-order.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The store of all orders in a plan. Every order has its own customer and its own quote. */
export const STORE_ID = 'c00c0000-0000-4000-8000-0000000c4a05';

/** A sound order. Its trouble comes from `faults`, or from what the test does to the stack. */
export function planOrder(
  random: SeededRandom,
  { name, faults = [], isRefusedForGood = false }: { name: string; faults?: FaultName[]; isRefusedForGood?: boolean },
): PlannedOrder {
  const items = Array.from({ length: random.integer(1, 4) }, (_, index) => planLine(random, index + 1));
  const isDelivery = random.next() < 0.7;
  return {
    name,
    key: random.uuid(),
    checkout: {
      customer_id: random.uuid(),
      quote_id: `quote-${random.uuid()}`,
      ...(isDelivery
        ? {
            fulfillment_method: 'DELIVERY',
            shipping_snapshot: {
              address: `${random.integer(1, 999)} Example Street`,
              lat: random.integer(-80, 80) + 0.5,
              lng: random.integer(-170, 170) + 0.25,
            },
          }
        : { fulfillment_method: 'PICKUP' }),
      ...(random.next() < 0.5 ? { customer_note: 'Ring twice.' } : {}),
    },
    store_id: STORE_ID,
    items,
    totals: totalsOf(items, isDelivery ? random.integer(100, 900) : 0),
    faults,
    isRefusedForGood,
    inReview: random.pick(['link', 'retry']),
  };
}

function planLine(random: SeededRandom, ordinal: number): PlannedLine {
  return {
    menu_item_id: `dish-${random.integer(1, 50)}`,
    name: `Dish ${ordinal}`,
    quantity: random.integer(1, 5),
    unit_price: random.integer(50, 3000),
    ...(random.next() < 0.3 ? { options: [{ name: 'Size', value: random.pick(['Small', 'Large']) }] } : {}),
    ...(random.next() < 0.3 ? { note: 'No salt.' } : {}),
  };
}

function totalsOf(items: PlannedLine[], deliveryFee: number): PlannedTotals {
  const subtotal = items.reduce((sum, { quantity, unit_price }) => sum + quantity * unit_price, 0);
  return { currency: 'USD', subtotal, delivery_fee: deliveryFee, total: subtotal + deliveryFee };
}
