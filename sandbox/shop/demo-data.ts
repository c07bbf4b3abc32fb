import { randomUUID } from 'node:crypto';
import { createDirectus, createItems, customEndpoint, readItems, rest, staticToken } from '@directus/sdk';
import type { CheckoutRequestInput } from '../../src/domain/checkout-request.ts';
import { collections, quoteFields } from '../../src/integrations/directus/collections.ts';
import type { CustomerRow, DirectusSchema, StoreRow } from '../../src/integrations/directus/collections.ts';

export interface ShopAccess {
  url: string;
  adminToken: string;
}

/** A checkout without its idempotency key. The sender adds a key, and the same key if it sends the checkout again. */
export type DemoCheckout = Omit<CheckoutRequestInput, 'idempotency_key'>;

const TIMEOUT_MS = 60_000;

/** The longest life of a quote of Phase 2. Every demonstration takes less. */
const QUOTE_LIFE_MS = 2 * 60 * 60 * 1000;

const demoStores = [
  { id: 'c00c0000-0000-4000-8000-000000000101', name: 'Kitchen One', ridendine_merchant_id: 'merchant-kitchen-one' },
  { id: 'c00c0000-0000-4000-8000-000000000102', name: 'Kitchen Two', ridendine_merchant_id: 'merchant-kitchen-two' },
  // This store takes no orders: a checkout with one of its quotes is answered with StoreNotOnRideNDine.
  { id: 'c00c0000-0000-4000-8000-000000000103', name: 'Kitchen Three (new)', ridendine_merchant_id: null },
] as const satisfies StoreRow[];

// No telephone has these numbers, and the email domain belongs to nobody.
const demoCustomers = [
  demoCustomer('c00c0000-0000-4000-8000-000000000201', 'One', '01'),
  demoCustomer('c00c0000-0000-4000-8000-000000000202', 'Two', '02'),
  demoCustomer('c00c0000-0000-4000-8000-000000000203', 'Three', '03'),
] as const satisfies CustomerRow[];

/** Puts a few stores and customers into Directus. Those that exist stay unchanged. */
export async function seed(options: ShopAccess): Promise<void> {
  const directus = connect(options);
  for (const [collection, rows] of [
    [collections.stores, demoStores],
    [collections.customers, demoCustomers],
  ] as const) {
    const filter = { id: { _in: rows.map(({ id }) => id) } };
    const existing = await directus.request(readItems(collection, { fields: ['id'], filter }));
    const ids = new Set(existing.map(({ id }) => id));
    const missing = rows.filter(({ id }) => !ids.has(id));
    if (missing.length > 0) await directus.request(createItems(collection, missing));
  }
}

/**
 * Makes a new quote, as Phase 2 does when a customer opens the checkout. Every call makes one, since a quote makes one
 * order.
 *
 * @returns the checkout that the customer then confirms.
 */
export async function createDemoQuote(options: ShopAccess): Promise<DemoCheckout> {
  const [customer] = demoCustomers;
  const [store] = demoStores;
  const quoteId = `quote-${randomUUID()}`;
  const quote = {
    [quoteFields.id]: quoteId,
    [quoteFields.customer]: customer.id,
    [quoteFields.store]: store.id,
    [quoteFields.fulfillmentMethod]: 'DELIVERY',
    [quoteFields.totals]: demoTotals,
    [quoteFields.itemsSnapshot]: demoItems,
    [quoteFields.expiresAt]: new Date(Date.now() + QUOTE_LIFE_MS).toISOString(),
  };
  // Not createItem: the SDK's types know a JSON field as the literal 'json'.
  await connect(options).request(
    customEndpoint({ path: `/items/${collections.quotes}`, method: 'POST', body: JSON.stringify(quote) }),
  );
  return {
    customer_id: customer.id,
    quote_id: quoteId,
    fulfillment_method: 'DELIVERY',
    shipping_snapshot: {
      address: '100 Example Street, Apartment 4B',
      city: 'Exampleville',
      postal_code: '00100',
      lat: 40.7128,
      lng: -74.006,
      instructions: 'Second door on the left.',
    },
    customer_note: 'Please no cutlery.',
  };
}

const demoItems = [
  {
    menu_item_id: 'menu-item-noodle-soup',
    name: 'Noodle soup with herbs',
    quantity: 2,
    // 12.50 and 1.50 for the larger bowl
    unit_price: 1400,
    options: [
      { name: 'Size', value: 'Large', price: 150 },
      { name: 'Spice', value: 'Mild', price: 0 },
    ],
    note: 'One without coriander, please.',
  },
  {
    menu_item_id: 'menu-item-spring-rolls',
    name: 'Fresh spring rolls (4)',
    quantity: 1,
    unit_price: 850,
    options: [{ name: 'Dip', value: 'Peanut', price: 0 }],
  },
  { menu_item_id: 'menu-item-mango-rice', name: 'Mango sticky rice', quantity: 3, unit_price: 600 },
];

// 2 x 14.00 + 8.50 + 3 x 6.00
const demoTotals = { currency: 'USD', subtotal: 5450, delivery_fee: 499, tax: 484, total: 6433 };

function demoCustomer(id: string, ordinal: string, lastDigits: string): CustomerRow {
  return {
    id,
    name: `Customer ${ordinal}`,
    phone: `+1 555 01${lastDigits}`,
    email: `customer-${ordinal.toLowerCase()}@example.com`,
  };
}

function connect({ url, adminToken }: ShopAccess) {
  return createDirectus<DirectusSchema>(url, {
    globals: {
      fetch: (input: string | URL, init?: RequestInit) =>
        fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }),
    },
  })
    .with(staticToken(adminToken))
    .with(rest());
}
