import { aggregate, createItem, readField, readItems, updateItems } from '@directus/sdk';
import { z } from 'zod';
import { hasEnded, orderStatuses, statusesBefore } from '../../domain/order.ts';
import type { LinkIds, OrderStatus, PartnerState, StoredOrder } from '../../domain/order.ts';
import type { QuoteRecord } from '../../domain/quote.ts';
import type { SupportAction } from '../../domain/support-action.ts';
import { collections, customerFields, orderFields, quoteFields, storeFields } from './collections.ts';
import type { OrderRow, Written } from './collections.ts';
import type { DirectusConnection } from './directus-client.ts';
import { parse, parseFirst } from './directus-answer.ts';
import { DirectusError, DirectusForbiddenError, DirectusRejectedError, DirectusUnavailableError } from './errors.ts';
import {
  cancelledRow,
  linkIds,
  newOrderRow,
  quoteOwner,
  quoteSchema,
  storedOrder,
  supportActions,
  unfinishedOrder,
  waitingOrdersSchema,
} from './order-rows.ts';
import type { CancelledOrder, NewOrder, OrderStatusEntry, QuoteOwner, ReadRow, UnfinishedOrder } from './order-rows.ts';
import { recordOf } from './recorded-actions.ts';

export interface OrderStatusChange extends OrderStatusEntry {
  /** An order that has RideNDine's ids is left alone. */
  onlyIfUnlinked?: boolean;
  /** Only an order that nobody has changed since this run wrote it. */
  onlyAsWrittenBy?: string | undefined;
  /** The quote of an order that goes on: it is taken again, should somebody have set it free. */
  activeQuoteId?: string | null;
}

export interface WaitingOrders {
  /** For support staff. */
  inReview: number;
  /**
   * Since when one of those has been in review, at the latest: when the row of the one that has been left alone longest
   * was changed. Coming into review changes it; so does a decision that is refused, or an administrator.
   */
  oldestInReview: Date | null;
  /** For the link to RideNDine. */
  unlinked: number;
  /** When the oldest of those was recorded. */
  oldestUnlinked: Date | null;
}

/**
 * Orders and quotes in Directus. Each call is one HTTP request, a change that records an action of support staff apart,
 * and throws a {@link DirectusError}. A write throws {@link DirectusNotUniqueError} where something is taken: what, the
 * rows say.
 */
export interface OrdersStore {
  findOrderById(id: string): Promise<StoredOrder | null>;
  findOrderByKey(idempotencyKey: string): Promise<StoredOrder | null>;
  /** A live order that the quote has made, if it is another than that one. */
  findLiveOrderOfQuote(quoteId: string, options: { otherThan: string }): Promise<QuoteOwner | null>;
  /** An order that has one of the ids, if it is another than that one. No index finds one of them: not for every order. */
  findOrderWithLink(link: LinkIds, options: { otherThan: string }): Promise<StoredOrder | null>;
  /**
   * One page, the oldest first. It is shorter than asked for where Directus gives fewer at once (QUERY_LIMIT_MAX): only an
   * empty one is the last. Orders that this project has not written are none of its business.
   */
  findUnfinishedOrders(page: { createdBefore: string; skip: number; limit: number }): Promise<UnfinishedOrder[]>;
  /** How many orders wait, and for whom. Orders that this project has not written are none of its business. */
  countWaitingOrders(): Promise<WaitingOrders>;
  /** The quote with its store and customer. Where quotes have UUIDs, no other text is the id of one. */
  findQuote(id: string): Promise<QuoteRecord | null>;
  /**
   * Writes the order and its items in one transaction.
   * @throws {DirectusNotUniqueError} if the id or the key exists, the quote has a live order, or for something else.
   */
  createOrder(order: NewOrder): Promise<StoredOrder>;
  /**
   * Writes that a checkout was cancelled before an order came of it, which takes its key for good.
   * @throws {DirectusNotUniqueError} if the id or the key exists.
   */
  recordCancelled(checkout: CancelledOrder): Promise<StoredOrder>;
  /**
   * Changes the status of an order, if its own is one of `statusesBefore`. One that ends sets its quote free. An action
   * of support staff takes a look at those that are recorded, and is written with the status.
   * @returns `null`, and changes nothing, if there is no such order; unless this action has been recorded on it before,
   * and a later phase has carried the order on since.
   * @throws {DirectusNotUniqueError} if the quote has another live order, or for something else.
   * @throws {DirectusRejectedError} if there is an action to record and no field for it.
   */
  changeStatus(id: string, change: OrderStatusChange): Promise<StoredOrder | null>;
  /**
   * Records an action of support staff, and changes nothing else.
   * @returns `null` if there is no such order.
   * @throws {DirectusRejectedError} if there is no field for it.
   */
  recordAction(id: string, action: SupportAction): Promise<StoredOrder | null>;
  /**
   * Makes a failed order live again, which takes its quote, and writes which run carries it now.
   * @returns `null`, and changes nothing, if there is no such order.
   * @throws {DirectusNotUniqueError} if the quote has another live order, or for something else.
   */
  reopen(id: string, order: { quoteId: string; runId: string }): Promise<StoredOrder | null>;
  /**
   * Writes which run carries an unfinished order now.
   * @returns `null`, and changes nothing, if there is no such order.
   */
  takeOver(id: string, runId: string): Promise<StoredOrder | null>;
  /**
   * Writes the ids to an order that has none, or the first of these two alone, and that has not ended.
   * @returns `null`, and changes nothing, if there is no such order.
   * @throws {DirectusNotUniqueError} if another order has the RideNDine order, or for something else.
   */
  saveLink(id: string, link: LinkIds): Promise<StoredOrder | null>;
  /** The ids of the newest orders that are linked, fewer where Directus gives fewer at once. */
  findNewestLinks(options: { otherThan: string; limit: number }): Promise<LinkIds[]>;
  /**
   * Writes other ids to an order that has the ids `from`, and records who did it with them.
   * @returns `null`, and changes nothing, if there is no such order.
   * @throws {DirectusNotUniqueError} if another order has the RideNDine order, or for something else.
   */
  replaceLink(
    id: string,
    change: { from: LinkIds; to: LinkIds; supportAction: SupportAction },
  ): Promise<StoredOrder | null>;
}

const ofLaterPhase = { [orderFields.status]: { _nin: [...orderStatuses] } };

const unfinished = {
  // It follows from what comes next, but the database does not see that: it would go through all orders there are.
  [orderFields.status]: { _in: ['NEEDS_REVIEW', 'PENDING_PAYMENT'] satisfies OrderStatus[] },
  _or: [
    { [orderFields.status]: { _eq: 'NEEDS_REVIEW' satisfies OrderStatus } },
    {
      [orderFields.status]: { _eq: 'PENDING_PAYMENT' satisfies OrderStatus },
      _or: [{ [orderFields.ridendineOrderId]: { _null: true } }, { [orderFields.paymentSessionId]: { _null: true } }],
    },
  ],
  [orderFields.idempotencyKey]: { _nnull: true },
  [orderFields.requestFingerprint]: { _nnull: true },
  [orderFields.ridendineRequest]: { _nnull: true },
  [orderFields.quoteId]: { _nnull: true },
};

const atRidendine = (state: PartnerState) => ({ [orderFields.atRidendine]: state });

export function createOrdersStore(directus: DirectusConnection): OrdersStore {
  const readOrders = async <Row>({ schema, fields }: ReadRow<Row>, query: object): Promise<Row[]> =>
    parse(z.array(schema), await directus.request(readItems(collections.orders, { fields, ...query })));

  const findOrder = async <Row>(row: ReadRow<Row>, filter: object): Promise<Row | null> => {
    const [found] = await readOrders(row, { filter, limit: 1 });
    return found ?? null;
  };

  /** So many orders, or as many as Directus gives at once if it gives fewer (QUERY_LIMIT_MAX). */
  const readUpTo = <Row>(limit: number, row: ReadRow<Row>, query: object): Promise<Row[]> =>
    readOrders(row, { ...query, limit }).catch((error: unknown) => {
      if (!(error instanceof DirectusRejectedError)) throw error;
      // A number above the limit is refused. Not asked for a number, Directus gives as many as it may.
      return readOrders(row, query);
    });

  const insertOrder = async (row: Written<OrderRow>) =>
    parse(
      storedOrder.schema,
      await directus.request(createItem(collections.orders, row as Partial<OrderRow>, { fields: storedOrder.fields })),
    );

  const updateOrder = async (id: string, condition: object, change: Written<OrderRow>) =>
    parseFirst(
      storedOrder.schema,
      await directus.request(
        updateItems(
          collections.orders,
          { filter: { [orderFields.id]: { _eq: id }, ...condition } },
          change as Partial<OrderRow>,
          {
            fields: storedOrder.fields,
          },
        ),
      ),
    );

  /** Asked for a text in a column of UUIDs, the database fails, and Directus answers 500. */
  const canBeNoQuote = async (id: string): Promise<boolean> => {
    if (z.guid().safeParse(id).success) return false;
    const field = await directus.request(readField(collections.quotes, quoteFields.id)).catch(() => undefined);
    return field?.type === 'uuid';
  };

  /** What the column holds; `undefined` if there is no such order. */
  const readSupportActions = async (id: string): Promise<unknown> => {
    try {
      const [recorded] = await readOrders(supportActions, { filter: { [orderFields.id]: { _eq: id } }, limit: 1 });
      return recorded;
    } catch (error) {
      // Directus says the same of a field that does not exist. A write would drop it without a word.
      if (!(error instanceof DirectusForbiddenError)) throw error;
      throw new DirectusRejectedError(
        `What support staff did cannot be recorded: Directus shows no field ${collections.orders}.${orderFields.supportActions}. Run npm run directus:apply.`,
      );
    }
  };

  /** @throws {DirectusUnavailableError} if one was recorded since, so that the next attempt looks again. */
  const requireSameActions = async (id: string, recorded: unknown): Promise<void> => {
    if (JSON.stringify(await readSupportActions(id)) === JSON.stringify(recorded)) return;
    throw new DirectusUnavailableError('Another action of support staff was recorded on the order meanwhile.');
  };

  return {
    findOrderById: (id) => findOrder(storedOrder, { [orderFields.id]: { _eq: id } }),
    findOrderByKey: (idempotencyKey) =>
      findOrder(storedOrder, { [orderFields.idempotencyKey]: { _eq: idempotencyKey } }),

    findLiveOrderOfQuote: (quoteId, { otherThan }) =>
      findOrder(quoteOwner, {
        [orderFields.activeQuoteId]: { _eq: quoteId },
        [orderFields.status]: { _nin: ['FAILED', 'CANCELLED'] satisfies OrderStatus[] },
        [orderFields.id]: { _neq: otherThan },
      }),

    findOrderWithLink: ({ ridendine_order_id, payment_session_id }, { otherThan }) =>
      findOrder(storedOrder, {
        _or: [
          { [orderFields.ridendineOrderId]: { _eq: ridendine_order_id } },
          { [orderFields.paymentSessionId]: { _eq: payment_session_id } },
        ],
        [orderFields.id]: { _neq: otherThan },
      }),

    findUnfinishedOrders: ({ createdBefore, skip, limit }) =>
      readUpTo(limit, unfinishedOrder, {
        filter: { ...unfinished, [orderFields.dateCreated]: { _lt: createdBefore } },
        sort: [orderFields.dateCreated, orderFields.id],
        offset: skip,
      }),

    countWaitingOrders: async () => {
      const rows = parse(
        z.array(waitingOrdersSchema),
        await directus.request(
          aggregate(collections.orders, {
            aggregate: { count: '*', min: [orderFields.dateCreated, orderFields.dateUpdated] },
            groupBy: [orderFields.status],
            query: { filter: unfinished, limit: 2 },
          }),
        ),
      );
      const waiting = (status: OrderStatus) => rows.find((row) => row.status === status);
      return {
        inReview: waiting('NEEDS_REVIEW')?.count ?? 0,
        oldestInReview: waiting('NEEDS_REVIEW')?.firstUpdated ?? null,
        unlinked: waiting('PENDING_PAYMENT')?.count ?? 0,
        oldestUnlinked: waiting('PENDING_PAYMENT')?.firstCreated ?? null,
      };
    },

    findQuote: async (id) => {
      try {
        const rows = await directus.request(
          readItems(collections.quotes, {
            fields: [
              quoteFields.id,
              quoteFields.fulfillmentMethod,
              quoteFields.totals,
              quoteFields.itemsSnapshot,
              quoteFields.expiresAt,
              {
                [quoteFields.store]: [storeFields.id, storeFields.ridendineMerchantId],
                [quoteFields.customer]: Object.values(customerFields),
              },
            ],
            filter: { [quoteFields.id]: { _eq: id } },
            limit: 1,
          }),
        );
        return parseFirst(quoteSchema, rows);
      } catch (error) {
        if (error instanceof DirectusError && error.status === 500 && (await canBeNoQuote(id))) return null;
        throw error;
      }
    },

    createOrder: (order) => insertOrder(newOrderRow(order)),

    recordCancelled: async (checkout) => {
      try {
        return await insertOrder(cancelledRow(checkout));
      } catch (error) {
        if (!(error instanceof DirectusRejectedError)) throw error;
        // Nobody has checked yet whether there is such a customer, and the key is what counts.
        return await insertOrder(cancelledRow({ ...checkout, customerId: null }));
      }
    },

    findNewestLinks: ({ otherThan, limit }) =>
      readUpTo(limit, linkIds, {
        filter: {
          [orderFields.ridendineOrderId]: { _nnull: true },
          [orderFields.paymentSessionId]: { _nnull: true },
          [orderFields.id]: { _neq: otherThan },
        },
        sort: [`-${orderFields.dateCreated}`],
      }),

    replaceLink: async (id, { from, to, supportAction }) => {
      const addition = recordOf(supportAction, await readSupportActions(id));
      return await updateOrder(
        id,
        {
          [orderFields.ridendineOrderId]: { _eq: from.ridendine_order_id },
          [orderFields.paymentSessionId]: { _eq: from.payment_session_id },
          ...addition?.condition,
        },
        {
          [orderFields.ridendineOrderId]: to.ridendine_order_id,
          [orderFields.paymentSessionId]: to.payment_session_id,
          ...addition?.change,
        },
      );
    },

    changeStatus: async (id, change) => {
      const { status, failureCode, failureReason, onlyIfUnlinked = false, onlyAsWrittenBy } = change;
      const { activeQuoteId, supportAction } = change;
      const recorded = supportAction && (await readSupportActions(id));
      const addition = supportAction && recordOf(supportAction, recorded);
      const changed = await updateOrder(
        id,
        {
          [orderFields.status]: { _in: [...statusesBefore[status]] },
          ...(onlyIfUnlinked && { [orderFields.ridendineOrderId]: { _null: true } }),
          ...(onlyAsWrittenBy !== undefined && {
            [orderFields.workflowRunId]: { _eq: onlyAsWrittenBy },
            [orderFields.dateUpdated]: { _null: true },
          }),
          ...addition?.condition,
        },
        {
          [orderFields.status]: status,
          [orderFields.failureCode]: failureCode,
          [orderFields.failureReason]: failureReason,
          ...(activeQuoteId !== undefined && { [orderFields.activeQuoteId]: activeQuoteId }),
          ...(hasEnded(status) && { [orderFields.activeQuoteId]: null, ...atRidendine('NONE') }),
          ...(status === 'NEEDS_REVIEW' && atRidendine('UNKNOWN')),
          ...addition?.change,
        },
      );
      if (changed !== null || !supportAction) return changed;
      if (!addition) return await findOrder(storedOrder, { [orderFields.id]: { _eq: id }, ...ofLaterPhase });
      await requireSameActions(id, recorded);
      return null;
    },

    recordAction: async (id, action) => {
      const recorded = await readSupportActions(id);
      const addition = recordOf(action, recorded);
      if (!addition) return await findOrder(storedOrder, { [orderFields.id]: { _eq: id } });
      const changed = await updateOrder(id, addition.condition, addition.change);
      if (changed === null) await requireSameActions(id, recorded);
      return changed;
    },

    reopen: (id, { quoteId, runId }) =>
      updateOrder(
        id,
        { [orderFields.status]: { _in: ['FAILED', 'PENDING_PAYMENT'] satisfies OrderStatus[] } },
        {
          [orderFields.status]: 'PENDING_PAYMENT' satisfies OrderStatus,
          [orderFields.failureCode]: null,
          [orderFields.failureReason]: null,
          [orderFields.activeQuoteId]: quoteId,
          [orderFields.workflowRunId]: runId,
          ...atRidendine('WAITING'),
        },
      ),

    takeOver: (id, runId) => updateOrder(id, unfinished, { [orderFields.workflowRunId]: runId }),

    saveLink: (id, { ridendine_order_id, payment_session_id }) =>
      updateOrder(
        id,
        {
          [orderFields.status]: { _nin: ['FAILED', 'CANCELLED'] satisfies OrderStatus[] },
          _or: [
            { [orderFields.ridendineOrderId]: { _null: true } },
            {
              [orderFields.ridendineOrderId]: { _eq: ridendine_order_id },
              [orderFields.paymentSessionId]: { _null: true },
            },
          ],
        },
        {
          [orderFields.ridendineOrderId]: ridendine_order_id,
          [orderFields.paymentSessionId]: payment_session_id,
          ...atRidendine('CREATED'),
        },
      ),
  };
}
