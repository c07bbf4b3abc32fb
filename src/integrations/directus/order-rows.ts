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
export interface CancelledOrder extends Pick<NewOrder, 'id' | 'request' | 'fingerprint' | 'workflowId' | 'runId'> {
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

/** What is read of a row: the name that a value gets, the field that holds it, and its schema. */
type Sources<Field extends string> = Record<string, readonly [Field, z.ZodType]>;
type ValuesOf<From extends Sources<string>> = { [Name in keyof From]: z.output<From[Name][1]> };

function readRow<From extends Sources<string>>(from: From): z.ZodType<ValuesOf<From>> {
  return z
    .object(Object.fromEntries(Object.values(from)))
    .transform(
      (row) => Object.fromEntries(Object.entries(from).map(([name, [field]]) => [name, row[field]])) as ValuesOf<From>,
    );
}

function readOrder<From extends Sources<keyof OrderRow>>(from: From): ReadRow<ValuesOf<From>> {
  return { fields: Object.values(from).map(([field]) => field), schema: readRow(from) };
}

export const storedOrder: ReadRow<StoredOrder> = readOrder({
  id: [orderFields.id, z.string()],
  status: [orderFields.status, z.string()],
  payment_status: [orderFields.paymentStatus, z.string()],
  quote_id: [orderFields.quoteId, z.string().nullable()],
  customer_id: [orderFields.customer, z.string().nullable()],
  store_id: [orderFields.store, z.string().nullable()],
  idempotency_key: [orderFields.idempotencyKey, z.string()],
  request_fingerprint: [orderFields.requestFingerprint, z.string().nullable()],
  ridendine_request: [orderFields.ridendineRequest, z.string().nullable()],
  ridendine_order_id: [orderFields.ridendineOrderId, z.string().nullable()],
  payment_session_id: [orderFields.paymentSessionId, z.string().nullable()],
  failure_code: [orderFields.failureCode, z.string().nullable()],
  failure_reason: [orderFields.failureReason, z.string().nullable()],
  workflow_run_id: [orderFields.workflowRunId, z.string().nullable()],
  date_created: [orderFields.dateCreated, z.iso.datetime({ offset: true })],
  date_updated: [orderFields.dateUpdated, z.iso.datetime({ offset: true }).nullable()],
});

export const linkIds: ReadRow<LinkIds> = readOrder({
  ridendine_order_id: [orderFields.ridendineOrderId, z.string()],
  payment_session_id: [orderFields.paymentSessionId, z.string()],
});

export const supportActions = readOrder({ supportActions: [orderFields.supportActions, z.unknown()] });

const unfinishedRow = readOrder({
  idempotencyKey: [orderFields.idempotencyKey, z.string()],
  fingerprint: [orderFields.requestFingerprint, z.string()],
  quoteId: [orderFields.quoteId, z.string()],
  customerId: [orderFields.customer, z.string().nullable()],
});

export const unfinishedOrder: ReadRow<UnfinishedOrder> = {
  fields: unfinishedRow.fields,
  schema: unfinishedRow.schema.transform((order) => ({
    ...order,
    workflowId: orderCreationWorkflowId(order.idempotencyKey),
  })),
};

export const quoteOwner: ReadRow<QuoteOwner> = readOrder({
  orderId: [orderFields.id, z.string()],
  customerId: [orderFields.customer, z.string().nullable()],
  idempotencyKey: [orderFields.idempotencyKey, z.string().nullable()],
});

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

export const quoteSchema: z.ZodType<QuoteRecord> = readRow({
  id: [quoteFields.id, z.string()],
  fulfillment_method: [quoteFields.fulfillmentMethod, z.unknown()],
  totals: [quoteFields.totals, z.unknown()],
  items_snapshot: [quoteFields.itemsSnapshot, z.unknown()],
  expires_at: [quoteFields.expiresAt, z.unknown()],
  store: [
    quoteFields.store,
    readRow({
      id: [storeFields.id, z.string()],
      ridendine_merchant_id: [storeFields.ridendineMerchantId, z.string().nullable()],
    }).nullable(),
  ],
  customer: [
    quoteFields.customer,
    readRow({
      id: [customerFields.id, z.string()],
      name: [customerFields.name, z.string().nullable()],
      phone: [customerFields.phone, z.string().nullable()],
      email: [customerFields.email, z.string().nullable()],
    }).nullable(),
  ],
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
  const { id, request, fingerprint, workflowId, runId, supportAction } = checkout;
  return {
    [orderFields.id]: id,
    [orderFields.status]: 'CANCELLED' satisfies OrderStatus,
    [orderFields.atRidendine]: 'NONE' satisfies PartnerState,
    [orderFields.paymentStatus]: NEW_PAYMENT_STATUS,
    [orderFields.quoteId]: request.quote_id,
    [orderFields.customer]: request.customer_id,
    [orderFields.fulfillmentMethod]: request.fulfillment_method,
    [orderFields.idempotencyKey]: request.idempotency_key,
    [orderFields.requestFingerprint]: fingerprint,
    [orderFields.workflowId]: workflowId,
    [orderFields.workflowRunId]: runId,
    ...(supportAction && { [orderFields.supportActions]: [supportAction] }),
  };
}
