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
  /** ISO 8601. */
  createdAt: string;
  /** When it was linked, paid or anything else last; ISO 8601. */
  changedAt: string;
  ridendineOrderId: string | null;
  paymentSessionId: string | null;
  /** In minor units; `null` where the order has none that can be read. */
  total: number | null;
  currency: string | null;
}

/** Lists of all orders there are, page by page. Each page is one HTTP request, and throws a `DirectusError`. */
export interface OrderList {
  /** Those made in this time, the oldest first. */
  pages(time: { since?: Date; before?: Date }): AsyncGenerator<ListedOrder[]>;
  /** Those that have one of these ids; there is at least one of RideNDine. */
  find(by: { ids: string[]; ridendineOrderIds: string[] }): Promise<ListedOrder[]>;
}

const PAGE = 1000;

const row = z.object({
  [orderFields.id]: z.string(),
  [orderFields.status]: z.string(),
  [orderFields.ridendineOrderId]: z.string().nullable(),
  [orderFields.paymentSessionId]: z.string().nullable(),
  [orderFields.totals]: z.unknown(),
  [orderFields.dateCreated]: z.string(),
  [orderFields.dateUpdated]: z.string().nullable(),
});
const totals = z.object({ total: z.number().int(), currency: z.string() });

const listed = row.transform((order): ListedOrder => {
  const { data } = totals.safeParse(order[orderFields.totals]);
  return {
    id: order[orderFields.id],
    status: order[orderFields.status],
    createdAt: order[orderFields.dateCreated],
    changedAt: order[orderFields.dateUpdated] ?? order[orderFields.dateCreated],
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
      // A number above QUERY_LIMIT_MAX is refused. Not asked for a number, Directus gives as many as it may.
      let limit: { limit?: number } = { limit: PAGE };
      let from = since?.toISOString();
      // Of the orders that were made at `from`, those that have had their turn.
      let offset = 0;
      for (;;) {
        const made = { _nnull: true, ...(from && { _gte: from }), ...(before && { _lt: before.toISOString() }) };
        const query = {
          filter: { [orderFields.dateCreated]: made },
          sort: [orderFields.dateCreated, orderFields.id],
          offset,
        };
        const page = await read({ ...query, ...limit }).catch((error: unknown) => {
          if (!(error instanceof DirectusRejectedError) || limit.limit === undefined) throw error;
          limit = {};
          return read(query);
        });
        const last = page.at(-1)?.createdAt;
        if (last === undefined) return;
        yield page;
        const ofLast = page.filter(({ createdAt }) => createdAt === last).length;
        offset = last === from ? offset + ofLast : ofLast;
        from = last;
      }
    },
    async find({ ids, ridendineOrderIds }) {
      // An empty list is no query.
      const ofOurs = ids.length > 0 ? [{ [orderFields.id]: { _in: ids } }] : [];
      const filter = { _or: [...ofOurs, { [orderFields.ridendineOrderId]: { _in: ridendineOrderIds } }] };
      const found: ListedOrder[] = [];
      for (;;) {
        const page = await read({ filter, sort: [orderFields.id], offset: found.length });
        if (page.length === 0) return found;
        found.push(...page);
      }
    },
  };
}
