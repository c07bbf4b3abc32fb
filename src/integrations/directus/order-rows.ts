import { z } from 'zod';
import type { Checkout } from '../../domain/checkout.ts';
import type { CheckoutRequest } from '../../domain/checkout-request.ts';
import { foundBy } from '../../domain/found-by.ts';
import { spokenAmount } from '../../domain/spoken-amount.ts';
import { NEW_PAYMENT_STATUS } from '../../domain/order.ts';
import type { LinkIds, OrderStatus, PartnerState, StoredOrder } from '../../domain/order.ts';
import { orderCreationWorkflowId } from '../../contract/runs.ts';
import type { QuoteRecord } from '../../domain/quote.ts';
import type { SupportAction } from '../../domain/support-action.ts';
import { customerFields, orderFields, orderItemFields, quoteFields, storeFields } from './collections.ts';
import type { OrderRow, Written } from './collections.ts';

/** An order status with its failure, as it is written on the record. */
export interface OrderStatusEntry {
  status: OrderStatus;
  failureCode: string | null;
  failureReason: string | null;
  /** What support staff did. It is added to the order's recorded actions, unless it is among them already. */
  supportAction?: SupportAction | undefined;
}

/** An order before it is written. It brings its own ids, so that a second write cannot make a second order. */
export interface NewOrder {
  id: string;
  itemIds: string[];
  request: CheckoutRequest;
  fingerprint: string;
  checkout: Checkout;
  ridendineRequest: string;
  workflowId: string;
  runId: string;
  /** Set if the order is written only to record how it ended. */
  ended?: OrderStatusEntry;
}

/** A checkout that was cancelled before an order came of it. */
export interface CancelledOrder {
  id: string;
  idempotencyKey: string;
  fingerprint: string;
  quoteId: string;
  customerId: string | null;
  fulfillmentMethod: string;
  workflowId: string;
  runId: string;
  supportAction: SupportAction | undefined;
}

/** An order that is neither linked nor ended, or waits for support staff. */
export interface UnfinishedOrder {
  idempotencyKey: string;
  workflowId: string;
  fingerprint: string;
  quoteId: string;
  /** `null` if the customer was erased. */
  customerId: string | null;
}

/** The live order that holds a quote, and the customer who has the order. */
export interface QuoteOwner {
  orderId: string;
  /** `null` if the customer was erased. */
  customerId: string | null;
  /** May be `null` if this project did not write the order. */
  idempotencyKey: string | null;
}

/** The fields to request of a row of `orders`, and the schema that reads them. */
export interface ReadRow<Output> {
  fields: (keyof OrderRow)[];
  schema: z.ZodType<Output>;
}

function readRow<Shape extends { [Field in keyof OrderRow]?: z.ZodType }, Output>(
  row: z.ZodObject<Shape>,
  read: (row: z.output<z.ZodObject<Shape>>) => Output,
): ReadRow<Output> {
  return { fields: Object.keys(row.shape) as (keyof OrderRow)[], schema: row.transform(read) };
}

const storedOrderRow = z.object({
  [orderFields.id]: z.string(),
  [orderFields.status]: z.string(),
  [orderFields.paymentStatus]: z.string(),
  [orderFields.quoteId]: z.string().nullable(),
  [orderFields.customer]: z.string().nullable(),
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
});

export const storedOrder: ReadRow<StoredOrder> = readRow(storedOrderRow, (row) => ({
  id: row[orderFields.id],
  status: row[orderFields.status],
  payment_status: row[orderFields.paymentStatus],
  quote_id: row[orderFields.quoteId],
  customer_id: row[orderFields.customer],
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

const linkRow = z.object({ [orderFields.ridendineOrderId]: z.string(), [orderFields.paymentSessionId]: z.string() });

export const linkIds: ReadRow<LinkIds> = readRow(linkRow, (row) => ({
  ridendine_order_id: row[orderFields.ridendineOrderId],
  payment_session_id: row[orderFields.paymentSessionId],
}));

export const supportActions = readRow(
  z.object({ [orderFields.supportActions]: z.unknown() }),
  (row) => row[orderFields.supportActions],
);

const unfinishedOrderRow = z.object({
  [orderFields.idempotencyKey]: z.string(),
  [orderFields.requestFingerprint]: z.string(),
  [orderFields.quoteId]: z.string(),
  [orderFields.customer]: z.string().nullable(),
});

export const unfinishedOrder: ReadRow<UnfinishedOrder> = readRow(unfinishedOrderRow, (row) => ({
  idempotencyKey: row[orderFields.idempotencyKey],
  workflowId: orderCreationWorkflowId(row[orderFields.idempotencyKey]),
  fingerprint: row[orderFields.requestFingerprint],
  quoteId: row[orderFields.quoteId],
  customerId: row[orderFields.customer],
}));

const quoteOwnerRow = z.object({
  [orderFields.id]: z.string(),
  [orderFields.customer]: z.string().nullable(),
  [orderFields.idempotencyKey]: z.string().nullable(),
});

export const quoteOwner: ReadRow<QuoteOwner> = readRow(quoteOwnerRow, (row) => ({
  orderId: row[orderFields.id],
  customerId: row[orderFields.customer],
  idempotencyKey: row[orderFields.idempotencyKey],
}));

/** One row for each order status. With PostgreSQL, Directus returns counts as strings. */
export const waitingOrdersSchema = z
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
    // `null` if no order of this status was ever changed.
    firstUpdated: new Date(row.min[orderFields.dateUpdated] ?? row.min[orderFields.dateCreated]),
  }));

export const quoteSchema: z.ZodType<QuoteRecord> = z
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

/** The order as Directus takes it, with its items. */
export function newOrderRow(order: NewOrder): Written<OrderRow> {
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
    [orderFields.total]: spokenAmount(checkout.totals.total, checkout.totals.currency),
    [orderFields.atRidendine]: ended ? 'NONE' : ('WAITING' satisfies PartnerState),
    [orderFields.foundBy]: foundBy(checkout.customer, request.shipping_snapshot),
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
        [orderItemFields.price]: spokenAmount(line.unit_price, checkout.totals.currency),
        // Directus takes a string for JSON text and passes it to the database unchanged, so a string is encoded here.
        [orderItemFields.options]:
          typeof line.options === 'string' ? JSON.stringify(line.options) : (line.options ?? null),
        [orderItemFields.note]: line.note ?? null,
      })),
      update: [],
      delete: [],
    },
  };
}

/** The row shows that the key is used up, and why. What the customer entered is not kept: no order comes of it. */
export function cancelledRow(checkout: CancelledOrder): Written<OrderRow> {
  const { id, idempotencyKey, fingerprint, quoteId, customerId, fulfillmentMethod, supportAction } = checkout;
  return {
    [orderFields.id]: id,
    [orderFields.status]: 'CANCELLED' satisfies OrderStatus,
    [orderFields.atRidendine]: 'NONE' satisfies PartnerState,
    [orderFields.paymentStatus]: NEW_PAYMENT_STATUS,
    [orderFields.quoteId]: quoteId,
    [orderFields.customer]: customerId,
    [orderFields.fulfillmentMethod]: fulfillmentMethod,
    [orderFields.idempotencyKey]: idempotencyKey,
    [orderFields.requestFingerprint]: fingerprint,
    [orderFields.workflowId]: checkout.workflowId,
    [orderFields.workflowRunId]: checkout.runId,
    ...(supportAction && { [orderFields.supportActions]: [supportAction] }),
  };
}
