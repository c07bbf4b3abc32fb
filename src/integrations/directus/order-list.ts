import { readItems } from '@directus/sdk';
import { z } from 'zod';
import { collections, orderFields } from './collections.ts';
import { parse } from './directus-answer.ts';
import type { DirectusConnection } from './directus-client.ts';
import { DirectusRejectedError } from './errors.ts';

/** What RideNDine also knows of an order, so that `npm run reconcile` can compare both. */
export interface ListedOrder {
  id: string;
  status: string;
  /** ISO 8601. */
  createdAt: string;
  /** When the record was last changed, or created if it was never changed; ISO 8601. */
  changedAt: string;
  ridendineOrderId: string | null;
  paymentSessionId: string | null;
  /** In minor units; `null` if the order's totals cannot be read. */
  total: number | null;
  currency: string | null;
}

/** Reads orders from Directus, page by page. Each request for a page may throw a `DirectusError`. */
export interface OrderList {
  /** Orders created at `since` or later and earlier than `before`, the oldest first. */
  pages(time: { since?: Date; before?: Date }): AsyncGenerator<ListedOrder[]>;
  /** Orders that have one of these ids. `ridendineOrderIds` must not be empty. */
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
      // Directus refuses a limit above QUERY_LIMIT_MAX. Without a limit, it gives as many rows as its settings allow.
      let limit: { limit?: number } = { limit: PAGE };
      let from = since?.toISOString();
      // How many of the orders that were created exactly at `from` have been yielded already.
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
      // Directus refuses a filter with an empty list.
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
