import type { SupportAction } from '../../domain/support-action.ts';

/**
 * Every collection and field name in COOCO's Directus that this project knows. Other code uses these constants, so that
 * a renamed field is changed only here.
 */
export const collections = {
  stores: 'stores',
  customers: 'customers',
  quotes: 'quotes',
  orders: 'orders',
  orderItems: 'order_items',
} as const;

export type CollectionName = (typeof collections)[keyof typeof collections];

/** Where an order is cooked. */
export const storeFields = {
  id: 'id',
  name: 'name',
  ridendineMerchantId: 'ridendine_merchant_id',
} as const;

/** Who orders. */
export const customerFields = {
  id: 'id',
  name: 'name',
  phone: 'phone',
  email: 'email',
} as const;

/** Written by Phase 2; read here. */
export const quoteFields = {
  id: 'id',
  customer: 'customer',
  store: 'store',
  fulfillmentMethod: 'fulfillment_method',
  totals: 'totals',
  itemsSnapshot: 'items_snapshot',
  expiresAt: 'expires_at',
} as const;

export const orderFields = {
  id: 'id',
  status: 'status',
  paymentStatus: 'payment_status',
  quoteId: 'quote_id',
  activeQuoteId: 'active_quote_id',
  customer: 'customer',
  store: 'store',
  fulfillmentMethod: 'fulfillment_method',
  totals: 'totals',
  total: 'total',
  atRidendine: 'at_ridendine',
  foundBy: 'found_by',
  shippingSnapshot: 'shipping_snapshot',
  itemsSnapshot: 'items_snapshot',
  customerNote: 'customer_note',
  idempotencyKey: 'idempotency_key',
  requestFingerprint: 'request_fingerprint',
  ridendineRequest: 'ridendine_request',
  ridendineOrderId: 'ridendine_order_id',
  paymentSessionId: 'payment_session_id',
  failureCode: 'failure_code',
  failureReason: 'failure_reason',
  supportActions: 'support_actions',
  workflowId: 'workflow_id',
  workflowRunId: 'workflow_run_id',
  dateCreated: 'date_created',
  dateUpdated: 'date_updated',
  orderItems: 'order_items',
} as const;

/** Each entry of `orders.support_actions`. */
export const supportActionFields = {
  id: 'id',
  at: 'at',
  actor: 'actor',
  action: 'action',
  reason: 'reason',
  replaced: 'replaced',
} as const satisfies Record<keyof SupportAction, keyof SupportAction>;

/** Parts of an order's form in Data Studio that hold no data. */
export const orderFormParts = {
  whatToDo: 'what_to_do',
  workflowLink: 'workflow_link',
  ridendineGroup: 'group_ridendine',
  failureGroup: 'group_failure',
  technicalGroup: 'group_technical',
} as const;

/** The lines of an order, as rows that can be counted and searched. */
export const orderItemFields = {
  id: 'id',
  order: 'order',
  sort: 'sort',
  menuItemId: 'menu_item_id',
  name: 'name',
  quantity: 'quantity',
  unitPrice: 'unit_price',
  price: 'price',
  options: 'options',
  note: 'note',
} as const;

const uniqueFields = new Set([
  ...[orderFields.id, orderFields.idempotencyKey, orderFields.activeQuoteId, orderFields.ridendineOrderId].map(
    (field) => `${collections.orders}.${field}`,
  ),
  `${collections.orderItems}.${orderItemFields.id}`,
]);

/** Whether this project needs the field, such as `orders.id`, to be unique: by it, orders find each other. */
export function isOrdersOwn(field: string): boolean {
  return uniqueFields.has(field);
}

// The literals 'json' and 'datetime' are the SDK's markers: on the wire they are a JSON value and an ISO 8601 string.

/** A row whose columns hold text, except for `Others`. Only its id is never empty. */
type TextRow<Fields extends Record<string, string>, Others = object> = Others & {
  [Field in Exclude<Fields[keyof Fields], keyof Others>]: Field extends 'id' ? string : string | null;
};

export type StoreRow = TextRow<typeof storeFields>;
export type CustomerRow = TextRow<typeof customerFields>;

export type QuoteRow = TextRow<
  typeof quoteFields,
  {
    [quoteFields.customer]: CustomerRow | string | null;
    [quoteFields.store]: StoreRow | string | null;
    [quoteFields.totals]: 'json' | null;
    [quoteFields.itemsSnapshot]: 'json' | null;
    [quoteFields.expiresAt]: 'datetime' | null;
  }
>;

export type OrderRow = TextRow<
  typeof orderFields,
  {
    [orderFields.customer]: CustomerRow | string | null;
    [orderFields.store]: StoreRow | string | null;
    [orderFields.totals]: 'json' | null;
    [orderFields.shippingSnapshot]: 'json' | null;
    [orderFields.itemsSnapshot]: 'json' | null;
    [orderFields.supportActions]: 'json' | null;
    [orderFields.dateCreated]: 'datetime' | null;
    [orderFields.dateUpdated]: 'datetime' | null;
    [orderFields.orderItems]: OrderItemRow[] | string[];
  }
>;

export type OrderItemRow = TextRow<
  typeof orderItemFields,
  {
    [orderItemFields.order]: OrderRow | string | null;
    [orderItemFields.sort]: number | null;
    [orderItemFields.quantity]: number | null;
    /** Minor units. Written as a number; read as a string of digits, since the column is 64 bits wide. */
    [orderItemFields.unitPrice]: number | string | null;
    [orderItemFields.options]: 'json' | null;
  }
>;

/** A row as it is written. The SDK's own types allow neither a JSON value nor a nested change of an order's lines. */
export type Written<Row> = {
  [Field in keyof Row]?: Row[Field] extends 'json' | null
    ? unknown
    : Row[Field] extends unknown[]
      ? object
      : Row[Field];
};

/** The schema type of the Directus SDK: `createDirectus<DirectusSchema>(url)`. */
export interface DirectusSchema {
  [collections.stores]: StoreRow[];
  [collections.customers]: CustomerRow[];
  [collections.quotes]: QuoteRow[];
  [collections.orders]: OrderRow[];
  [collections.orderItems]: OrderItemRow[];
}
