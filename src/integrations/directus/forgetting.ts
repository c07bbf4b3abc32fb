import { customEndpoint } from '@directus/sdk';
import { z } from 'zod';
import type { SupportAction } from '../../domain/support-action.ts';
import { collections, orderFields, orderItemFields } from './collections.ts';
import { parse } from './directus-answer.ts';
import type { Administration } from './schema/administration.ts';

/** An order of the customer whose data is removed. */
export interface OrderOfCustomer {
  id: string;
  status: string;
  failureCode: string | null;
  isLinked: boolean;
  /** When the order was last changed; when it was created, if it was never changed. */
  changedAt: Date;
  /** Whether the order still holds personal data of the customer. */
  isPersonal: boolean;
  itemsSnapshot: unknown;
  supportActions: unknown;
}

/** The fields that hold personal data. Notes in the order's lines are blanked, too. Amounts, dishes and ids stay. */
const personalFields = [
  orderFields.ridendineRequest,
  orderFields.shippingSnapshot,
  orderFields.customerNote,
  orderFields.foundBy,
] as const;

const columns = {
  [orderFields.id]: z.string(),
  [orderFields.status]: z.string(),
  [orderFields.ridendineOrderId]: z.string().nullable(),
  [orderFields.paymentSessionId]: z.string().nullable(),
  [orderFields.dateCreated]: z.coerce.date(),
  [orderFields.dateUpdated]: z.coerce.date().nullable(),
  [orderFields.failureCode]: z.string().nullable(),
  [orderFields.itemsSnapshot]: z.unknown(),
  [orderFields.supportActions]: z.unknown(),
  [orderFields.ridendineRequest]: z.unknown(),
  [orderFields.shippingSnapshot]: z.unknown(),
  [orderFields.customerNote]: z.unknown(),
  [orderFields.foundBy]: z.unknown(),
};
const row = z.object(columns).transform((order): OrderOfCustomer => {
  const snapshot = order[orderFields.itemsSnapshot];
  return {
    id: order[orderFields.id],
    status: order[orderFields.status],
    failureCode: order[orderFields.failureCode],
    isLinked: order[orderFields.ridendineOrderId] !== null && order[orderFields.paymentSessionId] !== null,
    changedAt: order[orderFields.dateUpdated] ?? order[orderFields.dateCreated],
    isPersonal:
      personalFields.some((field) => order[field] != null) ||
      JSON.stringify(withoutNotes(snapshot)) !== JSON.stringify(snapshot),
    itemsSnapshot: snapshot,
    supportActions: order[orderFields.supportActions],
  };
});
const withId = z.object({ id: z.string() });

/** Finds what Directus keeps of a customer's orders, and removes the personal data, as an administrator. */
export interface Forgetting {
  /** Whether Directus has a customer with this id. @throws {AdministrationError} */
  isCustomer(customerId: string): Promise<boolean>;
  /** @throws {AdministrationError} */
  ordersOf(customerId: string): Promise<OrderOfCustomer[]>;
  /** Blanks the personal data of an order, and records who did it. @throws {AdministrationError} */
  blank(order: OrderOfCustomer, action: SupportAction): Promise<void>;
  /**
   * Removes flows that a killed program has left behind, 10 minutes ago or earlier: a licence allows only a few flows.
   * @throws {AdministrationError}
   */
  removeLeftFlows(): Promise<void>;
  /** Counts older versions of the orders and their lines, and comments on the orders. @throws {AdministrationError} */
  countTraces(orderIds: string[]): Promise<number>;
  /**
   * Removes the versions and comments that {@link countTraces} counts.
   * @throws {LicenceLimitError} if the licence allows no further flow: only a flow of Directus can remove versions.
   * @throws {AdministrationError}
   */
  removeTraces(orderIds: string[]): Promise<void>;
}

/** Most ids in one request. They are part of the URL, whose length is limited. */
const IDS_AT_ONCE = 50;

/** The name of the flow of Directus that removes older versions. */
export const FORGETTING_FLOW = 'Forget a customer';

export function createForgetting(directus: Administration): Forgetting {
  const get = (path: string, params: Record<string, unknown>) => directus.request(customEndpoint({ path, params }));
  /** Reads all rows, page by page: Directus may give fewer rows at once than it is asked for (QUERY_LIMIT_MAX). */
  async function getAll<Row>(path: string, schema: z.ZodType<Row>, query: Record<string, unknown>): Promise<Row[]> {
    const rows: Row[] = [];
    for (;;) {
      const page = parse(z.array(schema), await get(path, { sort: ['id'], ...query, offset: rows.length }));
      if (page.length === 0) return rows;
      rows.push(...page);
    }
  }
  const send = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) =>
    directus.request(customEndpoint({ path, method, ...(body && { body: JSON.stringify(body) }) }));

  /** Filters that find the older versions of these orders and their lines, each short enough for a URL. */
  async function versionsOf(orderIds: string[]): Promise<object[]> {
    const items = await getAll(`/items/${collections.orderItems}`, withId, {
      filter: { [orderItemFields.order]: { _in: orderIds } },
      fields: [orderItemFields.id],
    });
    // The lines are first, because a version of a line refers to the version of its order.
    return [
      ...versionsIn(
        collections.orderItems,
        items.map(({ id }) => id),
      ),
      ...versionsIn(collections.orders, orderIds),
    ];
  }
  const count = async (path: string, filter: object): Promise<number> => {
    const counted = await get(path, { filter, aggregate: { count: '*' } });
    return parse(z.array(z.object({ count: z.coerce.number() })), counted)[0]?.count ?? 0;
  };

  return {
    isCustomer: async (customerId) => (await count(`/items/${collections.customers}`, { id: { _eq: customerId } })) > 0,
    async ordersOf(customerId) {
      const orders = await getAll(`/items/${collections.orders}`, row, {
        filter: { [orderFields.customer]: { _eq: customerId } },
        fields: Object.keys(columns),
      });
      const noted = new Set<string>();
      for (const ids of chunks(orders.map(({ id }) => id))) {
        const items = await getAll(
          `/items/${collections.orderItems}`,
          z.object({ [orderItemFields.order]: z.string() }),
          {
            filter: { [orderItemFields.order]: { _in: ids }, [orderItemFields.note]: { _nnull: true } },
            fields: [orderItemFields.order],
          },
        );
        for (const item of items) noted.add(item[orderItemFields.order]);
      }
      return orders.map((order) => ({ ...order, isPersonal: order.isPersonal || noted.has(order.id) }));
    },

    async blank({ id, itemsSnapshot, supportActions }, action) {
      const items = await getAll(`/items/${collections.orderItems}`, withId, {
        filter: { [orderItemFields.order]: { _eq: id }, [orderItemFields.note]: { _nnull: true } },
        fields: [orderItemFields.id],
      });
      await send('PATCH', `/items/${collections.orders}/${id}`, {
        ...Object.fromEntries(personalFields.map((field) => [field, null])),
        [orderFields.itemsSnapshot]: withoutNotes(itemsSnapshot),
        [orderFields.supportActions]: [...(Array.isArray(supportActions) ? supportActions : []), action],
        [orderFields.orderItems]: {
          create: [],
          update: items.map((item) => ({ id: item.id, [orderItemFields.note]: null })),
          delete: [],
        },
      });
    },

    async removeLeftFlows() {
      const filter = { name: { _eq: FORGETTING_FLOW }, date_created: { _lt: '$NOW(-10 minutes)' } };
      for (const { id } of await getAll('/flows', withId, { filter, fields: ['id'] }))
        await send('DELETE', `/flows/${id}`);
    },

    async countTraces(orderIds) {
      let traces = 0;
      for (const some of chunks(orderIds)) {
        for (const versions of await versionsOf(some)) traces += await count('/revisions', versions);
        traces += await count('/comments', { collection: { _eq: collections.orders }, item: { _in: some } });
      }
      return traces;
    },

    async removeTraces(orderIds) {
      for (const some of chunks(orderIds)) {
        const comments = await getAll('/comments', withId, {
          filter: { collection: { _eq: collections.orders }, item: { _in: some } },
          fields: ['id'],
        });
        for (const { id } of comments) await send('DELETE', `/comments/${id}`);
        for (const versions of await versionsOf(some)) {
          // One run of the flow removes only as many versions as Directus gives at once.
          while ((await count('/revisions', versions)) > 0) await byFlow(versions);
        }
      }
    },
  };

  /** Removes versions with a temporary flow: Directus has no other way to remove them. */
  async function byFlow(filter: object): Promise<void> {
    const flow = parse(
      withId,
      await send('POST', '/flows', {
        name: FORGETTING_FLOW,
        status: 'active',
        trigger: 'webhook',
        accountability: null,
        options: { method: 'POST', async: false, return: '$last', error_on_reject: true },
      }),
    );
    try {
      const operation = parse(
        withId,
        await send('POST', '/operations', {
          flow: flow.id,
          name: 'Remove',
          key: 'remove',
          type: 'item-delete',
          position_x: 19,
          position_y: 1,
          options: { collection: 'directus_revisions', permissions: '$full', query: { filter, limit: -1 } },
        }),
      );
      await send('PATCH', `/flows/${flow.id}`, { operation: operation.id });
      await send('POST', `/flows/trigger/${flow.id}`, {});
    } finally {
      await send('DELETE', `/flows/${flow.id}`);
    }
  }
}

function versionsIn(collection: string, ids: string[]): object[] {
  return [...chunks(ids)].map((some) => ({ collection: { _eq: collection }, item: { _in: some } }));
}

function* chunks(ids: string[]): Generator<string[]> {
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) yield ids.slice(from, from + IDS_AT_ONCE);
}

/** The lines of an order without the customer's notes. */
function withoutNotes(snapshot: unknown): unknown {
  if (!Array.isArray(snapshot)) return snapshot;
  return snapshot.map((line: unknown) =>
    typeof line === 'object' && line !== null && orderItemFields.note in line
      ? { ...line, [orderItemFields.note]: null }
      : line,
  );
}
