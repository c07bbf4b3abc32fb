import { aggregate, createItem, readItems, updateItems } from '@directus/sdk';
import { z } from 'zod';
import type { Checkout } from '../../domain/checkout.ts';
import type { CheckoutRequest } from '../../domain/checkout-request.ts';
import { NEW_PAYMENT_STATUS, hasEnded, statusesBefore } from '../../domain/order.ts';
import type { LinkIds, OrderStatus, StoredOrder } from '../../domain/order.ts';
import { orderCreationWorkflowId } from '../../domain/order-creation.ts';
import type { QuoteRecord } from '../../domain/quote.ts';
import type { SupportAction } from '../../domain/support-action.ts';
import {
  collections,
  customerFields,
  orderFields,
  orderItemFields,
  quoteFields,
  storeFields,
  supportActionFields,
} from './collections.ts';
import type { OrderRow } from './collections.ts';
import type { DirectusConnection } from './directus-client.ts';
import { DirectusForbiddenError, DirectusRejectedError, DirectusUnavailableError } from './errors.ts';

/** An order that is about to be written, with the ids that make writing it twice the same as writing it once. */
export interface NewOrder {
  id: string;
  itemIds: string[];
  request: CheckoutRequest;
  fingerprint: string;
  checkout: Checkout;
  ridendineRequest: string;
  workflowId: string;
  runId: string;
  /** Where it is written only to say how it ended. */
  ended?: Pick<OrderStatusChange, 'status' | 'failureCode' | 'failureReason' | 'supportAction'>;
}

export interface OrderStatusChange {
  status: OrderStatus;
  failureCode: string | null;
  failureReason: string | null;
  /** An order that has RideNDine's ids is left alone. */
  onlyIfUnlinked?: boolean;
  /** The quote of an order that goes on: it is taken again, should somebody have set it free. */
  activeQuoteId?: string | null;
  /** What support staff did: added to what the order has recorded, unless it is there already. */
  supportAction?: SupportAction | undefined;
}

/** An order that is neither linked nor ended, or waits for support staff. */
export interface UnfinishedOrder {
  idempotencyKey: string;
  workflowId: string;
  fingerprint: string;
  quoteId: string;
  /** Of a customer who was erased there is none. */
  customerId: string | null;
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
 * and throws a {@link DirectusError}.
 */
export interface OrdersStore {
  findOrderById(id: string): Promise<StoredOrder | null>;
  findOrderByKey(idempotencyKey: string): Promise<StoredOrder | null>;
  /** One of those that have the payment session, which no index finds: not for every order. */
  findOrderByPayment(paymentSessionId: string): Promise<StoredOrder | null>;
  /** One page, the oldest first. Orders that this project has not written are none of its business. */
  findUnfinishedOrders(page: { createdBefore: string; skip: number; limit: number }): Promise<UnfinishedOrder[]>;
  /** How many orders wait, and for whom. Orders that this project has not written are none of its business. */
  countWaitingOrders(): Promise<WaitingOrders>;
  /** The quote with its store and customer. */
  findQuote(id: string): Promise<QuoteRecord | null>;
  /**
   * Writes the order and its items in one transaction.
   * @throws {DirectusNotUniqueError} if the id or the key exists, or the quote has a live order.
   */
  createOrder(order: NewOrder): Promise<StoredOrder>;
  /**
   * Changes the status of an order, if its own is one of `statusesBefore`. One that ends sets its quote free. An action
   * of support staff takes a look at those that are recorded, and is written with the status.
   * @returns `null`, and changes nothing, if there is no such order.
   * @throws {DirectusNotUniqueError} if the quote has another live order.
   * @throws {DirectusRejectedError} if there is an action to record and no field for it.
   */
  changeStatus(id: string, change: OrderStatusChange): Promise<StoredOrder | null>;
  /**
   * Makes a failed order live again, which takes its quote.
   * @returns `null`, and changes nothing, if there is no such order.
   * @throws {DirectusNotUniqueError} if the quote has another live order.
   */
  reopen(id: string, quoteId: string): Promise<StoredOrder | null>;
  /**
   * Writes the ids to an order that has none, or the first of these two alone, and that has not ended.
   * @returns `null`, and changes nothing, if there is no such order.
   * @throws {DirectusNotUniqueError} if another order has the RideNDine order.
   */
  saveLink(id: string, link: LinkIds): Promise<StoredOrder | null>;
}

const storedOrderFields = [
  orderFields.id,
  orderFields.status,
  orderFields.paymentStatus,
  orderFields.quoteId,
  orderFields.store,
  orderFields.idempotencyKey,
  orderFields.requestFingerprint,
  orderFields.ridendineRequest,
  orderFields.ridendineOrderId,
  orderFields.paymentSessionId,
  orderFields.failureCode,
  orderFields.failureReason,
  orderFields.workflowRunId,
  orderFields.dateCreated,
  orderFields.dateUpdated,
] as const;

const storedOrderSchema: z.ZodType<StoredOrder> = z
  .object({
    [orderFields.id]: z.string(),
    [orderFields.status]: z.string(),
    [orderFields.paymentStatus]: z.string(),
    [orderFields.quoteId]: z.string().nullable(),
    [orderFields.store]: z.string().nullable(),
    [orderFields.idempotencyKey]: z.string(),
    [orderFields.requestFingerprint]: z.string().nullable(),
    [orderFields.ridendineRequest]: z.string().nullable(),
    [orderFields.ridendineOrderId]: z.string().nullable(),
    [orderFields.paymentSessionId]: z.string().nullable(),
    [orderFields.failureCode]: z.string().nullable(),
    [orderFields.failureReason]: z.string().nullable(),
    [orderFields.workflowRunId]: z.string().nullable(),
    [orderFields.dateCreated]: z.iso.datetime({ offset: true }),
    [orderFields.dateUpdated]: z.iso.datetime({ offset: true }).nullable(),
  })
  .transform((row) => ({
    id: row[orderFields.id],
    status: row[orderFields.status],
    payment_status: row[orderFields.paymentStatus],
    quote_id: row[orderFields.quoteId],
    store_id: row[orderFields.store],
    idempotency_key: row[orderFields.idempotencyKey],
    request_fingerprint: row[orderFields.requestFingerprint],
    ridendine_request: row[orderFields.ridendineRequest],
    ridendine_order_id: row[orderFields.ridendineOrderId],
    payment_session_id: row[orderFields.paymentSessionId],
    failure_code: row[orderFields.failureCode],
    failure_reason: row[orderFields.failureReason],
    workflow_run_id: row[orderFields.workflowRunId],
    date_created: row[orderFields.dateCreated],
    date_updated: row[orderFields.dateUpdated],
  }));

const supportActionsSchema = z.object({ [orderFields.supportActions]: z.unknown() });

const unfinishedOrderSchema: z.ZodType<UnfinishedOrder> = z
  .object({
    [orderFields.idempotencyKey]: z.string(),
    [orderFields.requestFingerprint]: z.string(),
    [orderFields.quoteId]: z.string(),
    [orderFields.customer]: z.string().nullable(),
  })
  .transform((row) => ({
    idempotencyKey: row[orderFields.idempotencyKey],
    workflowId: orderCreationWorkflowId(row[orderFields.idempotencyKey]),
    fingerprint: row[orderFields.requestFingerprint],
    quoteId: row[orderFields.quoteId],
    customerId: row[orderFields.customer],
  }));

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

/** Counts are texts on PostgreSQL. */
const waitingOrdersSchema = z
  .object({
    [orderFields.status]: z.string(),
    count: z.coerce.number().int(),
    min: z.object({
      [orderFields.dateCreated]: z.iso.datetime({ offset: true }),
      [orderFields.dateUpdated]: z.iso.datetime({ offset: true }).nullable(),
    }),
  })
  .transform((row) => ({
    status: row[orderFields.status],
    count: row.count,
    firstCreated: new Date(row.min[orderFields.dateCreated]),
    // `null` if none was ever changed.
    firstUpdated: new Date(row.min[orderFields.dateUpdated] ?? row.min[orderFields.dateCreated]),
  }));

const quoteSchema: z.ZodType<QuoteRecord> = z
  .object({
    [quoteFields.id]: z.string(),
    [quoteFields.fulfillmentMethod]: z.unknown(),
    [quoteFields.totals]: z.unknown(),
    [quoteFields.itemsSnapshot]: z.unknown(),
    [quoteFields.expiresAt]: z.unknown(),
    [quoteFields.store]: z
      .object({ [storeFields.id]: z.string(), [storeFields.ridendineMerchantId]: z.string().nullable() })
      .nullable(),
    [quoteFields.customer]: z
      .object({
        [customerFields.id]: z.string(),
        [customerFields.name]: z.string().nullable(),
        [customerFields.phone]: z.string().nullable(),
        [customerFields.email]: z.string().nullable(),
      })
      .nullable(),
  })
  .transform((row) => {
    const store = row[quoteFields.store];
    const customer = row[quoteFields.customer];
    return {
      id: row[quoteFields.id],
      fulfillment_method: row[quoteFields.fulfillmentMethod],
      totals: row[quoteFields.totals],
      items_snapshot: row[quoteFields.itemsSnapshot],
      expires_at: row[quoteFields.expiresAt],
      store: store && { id: store[storeFields.id], ridendine_merchant_id: store[storeFields.ridendineMerchantId] },
      customer: customer && {
        id: customer[customerFields.id],
        name: customer[customerFields.name],
        phone: customer[customerFields.phone],
        email: customer[customerFields.email],
      },
    };
  });

export function createOrdersStore(directus: DirectusConnection): OrdersStore {
  const findOrder = async (
    field: typeof orderFields.id | typeof orderFields.idempotencyKey | typeof orderFields.paymentSessionId,
    value: string,
  ) =>
    parseFirst(
      storedOrderSchema,
      await directus.request(
        readItems(collections.orders, { fields: storedOrderFields, filter: { [field]: { _eq: value } }, limit: 1 }),
      ),
    );

  const updateOrder = async (id: string, condition: object, change: Partial<OrderRow>) =>
    parseFirst(
      storedOrderSchema,
      await directus.request(
        updateItems(collections.orders, { filter: { [orderFields.id]: { _eq: id }, ...condition } }, change, {
          fields: storedOrderFields,
        }),
      ),
    );

  /** What the column holds; `undefined` if there is no such order. */
  const readSupportActions = async (id: string): Promise<unknown> => {
    try {
      const row = parseFirst(
        supportActionsSchema,
        await directus.request(
          readItems(collections.orders, {
            fields: [orderFields.supportActions],
            filter: { [orderFields.id]: { _eq: id } },
            limit: 1,
          }),
        ),
      );
      return row?.[orderFields.supportActions];
    } catch (error) {
      // Directus says the same of a field that does not exist. A write would drop it without a word.
      if (!(error instanceof DirectusForbiddenError)) throw error;
      throw new DirectusRejectedError(
        `What support staff did can't be recorded: Directus shows no field ${collections.orders}.${orderFields.supportActions}. Run npm run directus:apply.`,
      );
    }
  };

  return {
    findOrderById: (id) => findOrder(orderFields.id, id),
    findOrderByKey: (idempotencyKey) => findOrder(orderFields.idempotencyKey, idempotencyKey),

    findOrderByPayment: (paymentSessionId) => findOrder(orderFields.paymentSessionId, paymentSessionId),

    findUnfinishedOrders: async ({ createdBefore, skip, limit }) =>
      parse(
        z.array(unfinishedOrderSchema),
        await directus.request(
          readItems(collections.orders, {
            fields: [
              orderFields.idempotencyKey,
              orderFields.requestFingerprint,
              orderFields.quoteId,
              orderFields.customer,
            ],
            filter: { ...unfinished, [orderFields.dateCreated]: { _lt: createdBefore } },
            sort: [orderFields.dateCreated, orderFields.id],
            offset: skip,
            limit,
          }),
        ),
      ),

    countWaitingOrders: async () => {
      const rows = parse(
        z.array(waitingOrdersSchema),
        await directus.request(
          aggregate(collections.orders, {
            aggregate: { count: '*', min: [orderFields.dateCreated, orderFields.dateUpdated] },
            groupBy: [orderFields.status],
            query: { filter: unfinished },
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

    findQuote: async (id) =>
      parseFirst(
        quoteSchema,
        await directus.request(
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
        ),
      ),

    createOrder: async (order) =>
      parse(
        storedOrderSchema,
        await directus.request(createItem(collections.orders, newOrderRow(order), { fields: storedOrderFields })),
      ),

    changeStatus: async (id, change) => {
      const { status, failureCode, failureReason, onlyIfUnlinked = false, activeQuoteId, supportAction } = change;
      const recorded = supportAction && (await readSupportActions(id));
      const addition = supportAction && recordOf(supportAction, recorded);
      const changed = await updateOrder(
        id,
        {
          [orderFields.status]: { _in: [...statusesBefore[status]] },
          ...(onlyIfUnlinked && { [orderFields.ridendineOrderId]: { _null: true } }),
          ...addition?.condition,
        },
        {
          [orderFields.status]: status,
          [orderFields.failureCode]: failureCode,
          [orderFields.failureReason]: failureReason,
          ...(activeQuoteId !== undefined && { [orderFields.activeQuoteId]: activeQuoteId }),
          ...(hasEnded(status) && { [orderFields.activeQuoteId]: null }),
          ...addition?.change,
        },
      );
      if (changed === null && addition && JSON.stringify(await readSupportActions(id)) !== JSON.stringify(recorded)) {
        throw new DirectusUnavailableError('Another action of support staff was recorded on the order meanwhile.');
      }
      return changed;
    },

    reopen: (id, quoteId) =>
      updateOrder(
        id,
        { [orderFields.status]: { _in: ['FAILED', 'PENDING_PAYMENT'] satisfies OrderStatus[] } },
        {
          [orderFields.status]: 'PENDING_PAYMENT' satisfies OrderStatus,
          [orderFields.failureCode]: null,
          [orderFields.failureReason]: null,
          [orderFields.activeQuoteId]: quoteId,
        },
      ),

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
        { [orderFields.ridendineOrderId]: ridendine_order_id, [orderFields.paymentSessionId]: payment_session_id },
      ),
  };
}

function newOrderRow(order: NewOrder) {
  const { id, itemIds, request, fingerprint, checkout, ridendineRequest, workflowId, runId, ended } = order;
  return {
    [orderFields.id]: id,
    [orderFields.status]: ended?.status ?? ('PENDING_PAYMENT' satisfies OrderStatus),
    [orderFields.failureCode]: ended?.failureCode ?? null,
    [orderFields.failureReason]: ended?.failureReason ?? null,
    ...(ended?.supportAction && { [orderFields.supportActions]: [ended.supportAction] }),
    [orderFields.paymentStatus]: NEW_PAYMENT_STATUS,
    [orderFields.quoteId]: checkout.quote_id,
    [orderFields.activeQuoteId]: ended ? null : checkout.quote_id,
    [orderFields.customer]: checkout.customer.id,
    [orderFields.store]: checkout.store_id,
    [orderFields.fulfillmentMethod]: request.fulfillment_method,
    [orderFields.totals]: checkout.totals,
    [orderFields.shippingSnapshot]: request.shipping_snapshot ?? null,
    [orderFields.itemsSnapshot]: checkout.items,
    [orderFields.customerNote]: request.customer_note ?? null,
    [orderFields.idempotencyKey]: request.idempotency_key,
    [orderFields.requestFingerprint]: fingerprint,
    [orderFields.ridendineRequest]: ridendineRequest,
    [orderFields.workflowId]: workflowId,
    [orderFields.workflowRunId]: runId,
    // A plain array would upsert, and could take over another order's item.
    [orderFields.orderItems]: {
      create: checkout.items.map((line, index) => ({
        [orderItemFields.id]: itemIds[index],
        [orderItemFields.sort]: index + 1,
        [orderItemFields.menuItemId]: line.menu_item_id,
        [orderItemFields.name]: line.name,
        [orderItemFields.quantity]: line.quantity,
        [orderItemFields.unitPrice]: line.unit_price,
        // Directus takes a text for JSON that is already written, and hands it to the database as it is.
        [orderItemFields.options]:
          typeof line.options === 'string' ? JSON.stringify(line.options) : (line.options ?? null),
        [orderItemFields.note]: line.note ?? null,
      })),
      update: [],
      delete: [],
    },
    // The SDK's types know a JSON field as the literal 'json', and nested items only as a plain array.
  } as unknown as Partial<OrderRow>;
}

/**
 * How an action is added to those that are recorded, `undefined` if it is one of them. The condition keeps an earlier
 * attempt that Directus has held up from writing its shorter list over a longer one.
 */
function recordOf(action: SupportAction, column: unknown) {
  const { entries, isUnchanged } = recordedActions(column);
  if (entries.some((entry) => isSameAction(entry, action))) return undefined;
  return {
    condition: isUnchanged,
    // The SDK's types know a JSON field as the literal 'json'.
    change: { [orderFields.supportActions]: [...entries, action] } as unknown as Partial<OrderRow>,
  };
}

/** What the column holds, and the filter that finds it holding as much. */
function recordedActions(column: unknown): { entries: unknown[]; isUnchanged: object } {
  const { supportActions } = orderFields;
  if ((column ?? null) === null) return { entries: [], isUnchanged: { [supportActions]: { _null: true } } };
  // What somebody has put there by hand in another form is kept like an entry; its length can't be asked for.
  if (!Array.isArray(column)) return { entries: [column], isUnchanged: {} };
  return { entries: column, isUnchanged: { [`count(${supportActions})`]: { _eq: column.length } } };
}

function isSameAction(entry: unknown, { id }: SupportAction): boolean {
  return (
    typeof entry === 'object' &&
    entry !== null &&
    supportActionFields.id in entry &&
    entry[supportActionFields.id] === id
  );
}

function parseFirst<Row>(schema: z.ZodType<Row>, rows: unknown): Row | null {
  const [row] = parse(z.array(schema), rows);
  return row ?? null;
}

function parse<Row>(schema: z.ZodType<Row>, row: unknown): Row {
  // It wrote the row and then could not read it back.
  if (row === null) {
    throw new DirectusUnavailableError('Directus answered without the row: our permissions on it are wrong.');
  }
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new DirectusRejectedError(`Directus answered rows that the schema does not promise (${paths}).`);
}
