import { customEndpoint } from '@directus/sdk';
import { z } from 'zod';
import type { SupportAction } from '../../domain/support-action.ts';
import { collections, orderFields, orderItemFields } from './collections.ts';
import { parse } from './directus-answer.ts';
import type { Administration } from './schema/administration.ts';

/** An order of a customer who is to be forgotten. */
export interface OrderOfCustomer {
  id: string;
  status: string;
  isLinked: boolean;
  /** When anything of it was changed last. */
  changedAt: Date;
  /** Whether it still tells something of the customer. */
  isPersonal: boolean;
  itemsSnapshot: unknown;
  supportActions: unknown;
}

/** What orders tell of their customers, all of it: amounts, dishes and ids stay. */
const personalFields = [
  orderFields.ridendineRequest,
  orderFields.shippingSnapshot,
  orderFields.customerNote,
  orderFields.foundBy,
] as const;

const row = z
  .object({
    [orderFields.id]: z.string(),
    [orderFields.status]: z.string(),
    [orderFields.ridendineOrderId]: z.string().nullable(),
    [orderFields.paymentSessionId]: z.string().nullable(),
    [orderFields.dateCreated]: z.coerce.date(),
    [orderFields.dateUpdated]: z.coerce.date().nullable(),
    [orderFields.itemsSnapshot]: z.unknown(),
    [orderFields.supportActions]: z.unknown(),
    [orderFields.orderItems]: z.array(z.object({ [orderItemFields.note]: z.string().nullable() })),
    ...Object.fromEntries(personalFields.map((field) => [field, z.unknown()])),
  })
  .transform((order): OrderOfCustomer => {
    const items = order[orderFields.orderItems];
    const snapshot = order[orderFields.itemsSnapshot];
    return {
      id: order[orderFields.id],
      status: order[orderFields.status],
      isLinked: order[orderFields.ridendineOrderId] !== null && order[orderFields.paymentSessionId] !== null,
      changedAt: order[orderFields.dateUpdated] ?? order[orderFields.dateCreated],
      isPersonal:
        personalFields.some((field) => (order as Record<string, unknown>)[field] != null) ||
        items.some((item) => item[orderItemFields.note] !== null) ||
        JSON.stringify(withoutNotes(snapshot)) !== JSON.stringify(snapshot),
      itemsSnapshot: snapshot,
      supportActions: order[orderFields.supportActions],
    };
  });

/** What Directus keeps of the orders of a customer, and how it forgets the customer. All of it as an administrator. */
export interface Forgetting {
  /** @throws {AdministrationError} */
  ordersOf(customerId: string): Promise<OrderOfCustomer[]>;
  /** Blanks what an order tells of its customer, and records who did it. @throws {AdministrationError} */
  blank(order: OrderOfCustomer, action: SupportAction): Promise<void>;
  /** How many older versions of these orders, and comments on them, there are. @throws {AdministrationError} */
  countTraces(orderIds: string[]): Promise<number>;
  /**
   * Removes these.
   * @throws {LicenceLimitError} Directus removes versions by a flow alone, and allows no more flows.
   * @throws {AdministrationError}
   */
  removeTraces(orderIds: string[]): Promise<void>;
}

/** In an address: a URL has its limits. */
const IDS_AT_ONCE = 50;

const lines = `${orderFields.orderItems}.${orderItemFields.id}`;

export function createForgetting(directus: Administration): Forgetting {
  const get = (path: string, params: Record<string, unknown>) => directus.request(customEndpoint({ path, params }));
  const send = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) =>
    directus.request(customEndpoint({ path, method, ...(body && { body: JSON.stringify(body) }) }));

  const tracesOf = async (orderIds: string[]) => {
    const orders = await get(`/items/${collections.orders}`, {
      filter: { [orderFields.id]: { _in: orderIds } },
      fields: [lines],
      limit: -1,
    });
    const itemIds = parse(
      z.array(z.object({ [orderFields.orderItems]: z.array(z.object({ id: z.string() })) })),
      orders,
    )
      .flatMap((order) => order[orderFields.orderItems])
      .map(({ id }) => id);
    return {
      _or: [
        { collection: { _eq: collections.orders }, item: { _in: orderIds } },
        ...(itemIds.length > 0 ? [{ collection: { _eq: collections.orderItems }, item: { _in: itemIds } }] : []),
      ],
    };
  };
  const count = async (path: string, filter: object): Promise<number> => {
    const counted = await get(path, { filter, aggregate: { count: '*' } });
    return parse(z.array(z.object({ count: z.coerce.number() })), counted)[0]?.count ?? 0;
  };

  return {
    async ordersOf(customerId) {
      const fields = [
        orderFields.id,
        orderFields.status,
        orderFields.ridendineOrderId,
        orderFields.paymentSessionId,
        orderFields.dateCreated,
        orderFields.dateUpdated,
        orderFields.itemsSnapshot,
        orderFields.supportActions,
        `${orderFields.orderItems}.${orderItemFields.note}`,
        ...personalFields,
      ];
      const filter = { [orderFields.customer]: { _eq: customerId } };
      return parse(z.array(row), await get(`/items/${collections.orders}`, { filter, fields, limit: -1 }));
    },

    async blank({ id, itemsSnapshot, supportActions }, action) {
      const items = await get(`/items/${collections.orderItems}`, {
        filter: { [orderItemFields.order]: { _eq: id }, [orderItemFields.note]: { _nnull: true } },
        fields: [orderItemFields.id],
        limit: -1,
      });
      await send('PATCH', `/items/${collections.orders}/${id}`, {
        ...Object.fromEntries(personalFields.map((field) => [field, null])),
        [orderFields.itemsSnapshot]: withoutNotes(itemsSnapshot),
        [orderFields.supportActions]: [...(Array.isArray(supportActions) ? supportActions : []), action],
        [orderFields.orderItems]: {
          create: [],
          update: parse(z.array(z.object({ id: z.string() })), items).map((item) => ({
            id: item.id,
            [orderItemFields.note]: null,
          })),
          delete: [],
        },
      });
    },

    async countTraces(orderIds) {
      let traces = 0;
      for (const some of chunks(orderIds)) {
        traces += await count('/revisions', await tracesOf(some));
        traces += await count('/comments', { collection: { _eq: collections.orders }, item: { _in: some } });
      }
      return traces;
    },

    async removeTraces(orderIds) {
      for (const some of chunks(orderIds)) {
        const comments = await get('/comments', {
          filter: { collection: { _eq: collections.orders }, item: { _in: some } },
          fields: ['id'],
          limit: -1,
        });
        for (const { id } of parse(z.array(z.object({ id: z.string() })), comments))
          await send('DELETE', `/comments/${id}`);
        await byFlow(await tracesOf(some));
      }
    },
  };

  /** Directus has no other way to remove versions than its own flows. This one lives for a moment. */
  async function byFlow(filter: object): Promise<void> {
    const flow = parse(
      z.object({ id: z.string() }),
      await send('POST', '/flows', {
        name: 'Forget a customer',
        status: 'active',
        trigger: 'webhook',
        accountability: null,
        options: { method: 'POST', async: false, return: '$last', error_on_reject: true },
      }),
    );
    try {
      const operation = parse(
        z.object({ id: z.string() }),
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

function* chunks(ids: string[]): Generator<string[]> {
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) yield ids.slice(from, from + IDS_AT_ONCE);
}

/** The lines of an order without what the customer wrote to them. */
function withoutNotes(snapshot: unknown): unknown {
  if (!Array.isArray(snapshot)) return snapshot;
  return snapshot.map((line: unknown) =>
    typeof line === 'object' && line !== null && orderItemFields.note in line
      ? { ...line, [orderItemFields.note]: null }
      : line,
  );
}
