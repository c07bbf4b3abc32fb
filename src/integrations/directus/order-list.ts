import { readItems } from '@directus/sdk';
import { z } from 'zod';
import { collections, orderFields } from './collections.ts';
import { parse } from './directus-answer.ts';
import type { DirectusConnection } from './directus-client.ts';
import { DirectusRejectedError } from './errors.ts';

/** An order, as far as RideNDine knows of it, too. */
export interface ListedOrder {
  id: string;
  status: string;
  ridendineOrderId: string | null;
  paymentSessionId: string | null;
  /** In minor units; `null` where the order has none that can be read. */
  total: number | null;
  currency: string | null;
}

/** Lists of all orders there are, page by page. Each page is one HTTP request, and throws a `DirectusError`. */
export interface OrderList {
  /** Those made in this time, in pages by their id. */
  pages(time: { since?: Date; before?: Date }): AsyncGenerator<ListedOrder[]>;
  /** Those that have one of these ids. */
  find(by: { ids: string[]; ridendineOrderIds: string[] }): Promise<ListedOrder[]>;
}

const PAGE = 1000;

const row = z.object({
  [orderFields.id]: z.string(),
  [orderFields.status]: z.string(),
  [orderFields.ridendineOrderId]: z.string().nullable(),
  [orderFields.paymentSessionId]: z.string().nullable(),
  [orderFields.totals]: z.unknown(),
});
const totals = z.object({ total: z.number().int(), currency: z.string() });

const listed = row.transform((order): ListedOrder => {
  const { data } = totals.safeParse(order[orderFields.totals]);
  return {
    id: order[orderFields.id],
    status: order[orderFields.status],
    ridendineOrderId: order[orderFields.ridendineOrderId],
    paymentSessionId: order[orderFields.paymentSessionId],
    total: data?.total ?? null,
    currency: data?.currency ?? null,
  };
});

export function createOrderList(directus: DirectusConnection): OrderList {
  const read = async (query: object): Promise<ListedOrder[]> =>
    parse(
      z.array(listed),
      await directus.request(
        readItems(collections.orders, { fields: Object.keys(row.shape) as (keyof z.input<typeof row>)[], ...query }),
      ),
    );
  return {
    async *pages({ since, before }) {
      const made = {
        ...(since && { _gte: since.toISOString() }),
        ...(before && { _lt: before.toISOString() }),
      };
      const inTime = (since ?? before) ? { [orderFields.dateCreated]: made } : {};
      // A number above QUERY_LIMIT_MAX is refused. Not asked for a number, Directus gives as many as it may.
      let limit: { limit?: number } = { limit: PAGE };
      for (let after: string | undefined; ;) {
        const filter = { ...inTime, ...(after !== undefined && { [orderFields.id]: { _gt: after } }) };
        const query = { filter, sort: [orderFields.id], ...limit };
        const page = await read(query).catch((error: unknown) => {
          if (!(error instanceof DirectusRejectedError) || limit.limit === undefined) throw error;
          limit = {};
          return read({ filter, sort: [orderFields.id] });
        });
        const last = page.at(-1);
        if (last === undefined) return;
        yield page;
        after = last.id;
      }
    },
    find: ({ ids, ridendineOrderIds }) =>
      read({
        filter: {
          _or: [{ [orderFields.id]: { _in: ids } }, { [orderFields.ridendineOrderId]: { _in: ridendineOrderIds } }],
        },
        limit: -1,
      }),
  };
}
