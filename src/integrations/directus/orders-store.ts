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
  /** Leaves an order that has RideNDine's order id as it is. */
  onlyIfUnlinked?: boolean;
  /** Id of a run. Changes the order only if this run wrote it and nobody has changed the order since. */
  onlyAsWrittenBy?: string | undefined;
  /** The quote of an order that goes on. The order takes the quote again if somebody has set it free. */
  activeQuoteId?: string | null;
}

export interface WaitingOrders {
  /** How many orders wait for support staff. */
  inReview: number;
  /**
   * The earliest `date_updated` of the orders in review. At least one order has been in review for so long, or longer:
   * coming into review changes the row, but a refused decision or an administrator changes it, too.
   */
  oldestInReview: Date | null;
  /** How many orders wait for the link to RideNDine. */
  unlinked: number;
  /** When the oldest unlinked order was recorded. */
  oldestUnlinked: Date | null;
}

/**
 * Orders and quotes in Directus. Each call may throw a {@link DirectusError}. A call is one HTTP request. It makes more
 * only if it records an action of support staff, or if Directus did not accept the first request. A write throws
 * {@link DirectusNotUniqueError} if a unique value is taken; the caller must read the rows to learn which value.
 */
export interface OrdersStore {
  findOrderById(id: string): Promise<StoredOrder | null>;
  findOrderByKey(idempotencyKey: string): Promise<StoredOrder | null>;
  /** The live order that was made from the quote, unless it is the order `otherThan`. */
  findLiveOrderOfQuote(quoteId: string, options: { otherThan: string }): Promise<QuoteOwner | null>;
  /** An order other than `otherThan` with one of the ids. Not for every order: payment session ids have no index. */
  findOrderWithLink(link: LinkIds, options: { otherThan: string }): Promise<StoredOrder | null>;
  /**
   * One page of unfinished orders, the oldest first. Orders that this project has not written are left out.
   * Directus may give fewer orders at once than `limit` (QUERY_LIMIT_MAX), so only an empty page is the last one.
   */
  findUnfinishedOrders(page: { createdBefore: string; skip: number; limit: number }): Promise<UnfinishedOrder[]>;
  /** How many unfinished orders there are. Orders that this project has not written are left out. */
  countWaitingOrders(): Promise<WaitingOrders>;
  /** The quote with its store and customer. If quote ids are UUIDs, no quote is found for any other text. */
  findQuote(id: string): Promise<QuoteRecord | null>;
  /**
   * Writes the order and its items in one transaction.
   * @throws {DirectusNotUniqueError} if the id or the key exists, if the quote has a live order, or if another unique
   * value is taken.
   */
  createOrder(order: NewOrder): Promise<StoredOrder>;
  /**
   * Records that a checkout was cancelled before there was an order. The idempotency key is then used up for ever.
   * @throws {DirectusNotUniqueError} if the id or the key exists.
   */
  recordCancelled(checkout: CancelledOrder): Promise<StoredOrder>;
  /**
   * Changes the status of an order, if its present status is one of `statusesBefore`. An order that ends sets its quote
   * free. An action of support staff is written together with the status, unless it is recorded already.
   * @returns the order; `null` if no order matches the id and the conditions, and then nothing was changed. If a later
   * phase has the order and this action is recorded on it, the order is returned unchanged.
   * @throws {DirectusNotUniqueError} if the quote has another live order, or if another unique value is taken.
   * @throws {DirectusUnavailableError} if another action was recorded meanwhile. The next attempt then reads again.
   * @throws {DirectusRejectedError} if there is an action to record and no field for it.
   */
  changeStatus(id: string, change: OrderStatusChange): Promise<StoredOrder | null>;
  /**
   * Records an action of support staff, and changes nothing else.
   * @returns `null` if there is no such order.
   * @throws {DirectusUnavailableError} if another action was recorded meanwhile. The next attempt then reads again.
   * @throws {DirectusRejectedError} if there is no field for it.
   */
  recordAction(id: string, action: SupportAction): Promise<StoredOrder | null>;
  /**
   * Makes a failed order live again, which takes its quote, and records which run now carries the order.
   * @returns `null`, and changes nothing, if no order with this id is `FAILED` or `PENDING_PAYMENT`.
   * @throws {DirectusNotUniqueError} if the quote has another live order, or if another unique value is taken.
   */
  reopen(id: string, order: { quoteId: string; runId: string }): Promise<StoredOrder | null>;
  /**
   * Records which run now carries an unfinished order.
   * @returns `null`, and changes nothing, if no unfinished order has this id.
   */
  takeOver(id: string, runId: string): Promise<StoredOrder | null>;
  /**
   * Writes RideNDine's ids on an order that has not ended, and that has no id yet or only this RideNDine order id.
   * @returns `null`, and changes nothing, if the order is missing or is not such an order.
   * @throws {DirectusNotUniqueError} if another order has the RideNDine order, or if another unique value is taken.
   */
  saveLink(id: string, link: LinkIds): Promise<StoredOrder | null>;
  /** The ids of the newest linked orders, at most `limit`; fewer if Directus gives fewer at once. */
  findNewestLinks(options: { otherThan: string; limit: number }): Promise<LinkIds[]>;
  /**
   * Replaces the ids `from` of an order by the ids `to`, and records in the same write who did it.
   * @returns `null`, and changes nothing, if the order is missing, has other ids, or got another action meanwhile.
   * @throws {DirectusNotUniqueError} if another order has the RideNDine order, or if another unique value is taken.
   */
  replaceLink(
    id: string,
    change: { from: LinkIds; to: LinkIds; supportAction: SupportAction },
  ): Promise<StoredOrder | null>;
}

const ofLaterPhase = { [orderFields.status]: { _nin: [...orderStatuses] } };

const unfinished = {
  // `_or` already implies this condition, but without it the database would read all orders.
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

  /** Reads up to `limit` orders, or fewer if Directus gives fewer at once (QUERY_LIMIT_MAX). */
  const readUpTo = <Row>(limit: number, row: ReadRow<Row>, query: object): Promise<Row[]> =>
    readOrders(row, { ...query, limit }).catch((error: unknown) => {
      if (!(error instanceof DirectusRejectedError)) throw error;
      // Directus refuses a limit above QUERY_LIMIT_MAX. Without a limit, it gives as many rows as its settings allow.
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

  /** Whether no quote can have this id. If ids are UUIDs, the database fails on other text: Directus answers 500. */
  const canBeNoQuote = async (id: string): Promise<boolean> => {
    if (z.guid().safeParse(id).success) return false;
    const field = await directus.request(readField(collections.quotes, quoteFields.id)).catch(() => undefined);
    return field?.type === 'uuid';
  };

  /** What the column `support_actions` holds; `undefined` if there is no such order. */
  const readSupportActions = async (id: string): Promise<unknown> => {
    try {
      const [recorded] = await readOrders(supportActions, { filter: { [orderFields.id]: { _eq: id } }, limit: 1 });
      return recorded?.supportActions;
    } catch (error) {
      // Directus also answers 403 if the field does not exist. A write would then silently drop the action.
      if (!(error instanceof DirectusForbiddenError)) throw error;
      throw new DirectusRejectedError(
        `What support staff did cannot be recorded: Directus shows no field ${collections.orders}.${orderFields.supportActions}. Run npm run directus:apply.`,
      );
    }
  };

  /** @throws {DirectusUnavailableError} if another action was recorded since, so that the next attempt reads again. */
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
        // The customer may not exist: nothing has checked that yet. The row is still needed, to use up the key.
        return await insertOrder({ ...cancelledRow(checkout), [orderFields.customer]: null });
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
