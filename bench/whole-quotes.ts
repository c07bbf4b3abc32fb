import { randomUUID } from 'node:crypto';
import type { CartLine, Totals } from '../src/domain/quote.ts';
import type { DemoCheckout } from '../stack/seed.ts';
import type { RunningStack } from '../test/support/running-stack.ts';
import { connectToPostgres } from '../test/support/postgres-session.ts';

/** A customer's click. */
export interface PlacedOrder {
  key: string;
  checkout: DemoCheckout;
}

/** Makes clicks, each with a quote of its own. */
export interface QuoteMaker {
  /** @param lines of the cart; unless told, it is the demo's. */
  newOrders(count: number, lines?: number): Promise<PlacedOrder[]>;
  /** How large Directus' database is by now. */
  databaseBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Straight into the database, as copies of a demo quote: Directus would take longer for it than for the orders. */
export async function createQuoteMaker(world: RunningStack): Promise<QuoteMaker> {
  const { postgres } = world.stack;
  if (postgres === undefined) throw new Error('The benchmark needs the stack of its own, with its own PostgreSQL.');
  const checkout = await world.newCheckout();
  const session = await connectToPostgres(postgres);
  return {
    async newOrders(count, lines) {
      const batch = `quote-${randomUUID()}`;
      const cart = lines === undefined ? undefined : cartOf(lines);
      await session.sql(
        `INSERT INTO quotes (id, customer, store, fulfillment_method, totals, items_snapshot, expires_at)
         SELECT $1::text || '-' || n, customer, store, fulfillment_method,
           coalesce($4::json, totals), coalesce($5::json, items_snapshot), now() + interval '1 day'
         FROM quotes, generate_series(1, $2::int) AS n WHERE id = $3`,
        batch,
        count,
        checkout.quote_id,
        cart && JSON.stringify(cart.totals),
        cart && JSON.stringify(cart.items),
      );
      return Array.from({ length: count }, (_, index) => ({
        key: randomUUID(),
        checkout: { ...checkout, quote_id: `${batch}-${index + 1}` },
      }));
    },
    async databaseBytes() {
      const [row] = await session.sql('SELECT pg_database_size(current_database()) AS bytes');
      return Number(row?.['bytes']);
    },
    close: () => session.close(),
  };
}

/** Lines as long as the demo's are on average. */
function cartOf(lines: number): { totals: Totals; items: CartLine[] } {
  const [quantity, price] = [2, 1400];
  const subtotal = lines * quantity * price;
  return {
    totals: { currency: 'USD', subtotal, delivery_fee: 499, total: subtotal + 499 },
    items: Array.from({ length: lines }, (_, index) => ({
      menu_item_id: `menu-item-${index + 1}`,
      name: `Noodle soup with herbs ${index + 1}`,
      quantity,
      unit_price: price,
      options: [{ name: 'Size', value: 'Large', price: 150 }],
      note: 'Without coriander, please.',
    })),
  };
}
