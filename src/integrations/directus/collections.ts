import type { SupportAction } from '../../domain/support-action.ts';

/**
 * Every collection and field name in COOCO's Directus that this project knows. Nothing else spells one out, so that a
 * field renamed there is renamed here and nowhere else.
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

/** What Data Studio shows on the form of an order besides its fields; they hold no data. */
export const orderFormParts = {
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
  options: 'options',
  note: 'note',
} as const;

// The literals 'json' and 'datetime' are the SDK's own markers: on the wire they are a JSON value and an ISO 8601 string.

export interface StoreRow {
  id: string;
  name: string | null;
  ridendine_merchant_id: string | null;
}

export interface CustomerRow {
  id: string;
  name: string | null;
  phone: string | null;
  email: string | null;
}

export interface QuoteRow {
  id: string;
  customer: CustomerRow | string | null;
  store: StoreRow | string | null;
  fulfillment_method: string | null;
  totals: 'json' | null;
  items_snapshot: 'json' | null;
  expires_at: 'datetime' | null;
}

export interface OrderRow {
  id: string;
  status: string | null;
  payment_status: string | null;
  quote_id: string | null;
  active_quote_id: string | null;
  customer: CustomerRow | string | null;
  store: StoreRow | string | null;
  fulfillment_method: string | null;
  totals: 'json' | null;
  shipping_snapshot: 'json' | null;
  items_snapshot: 'json' | null;
  customer_note: string | null;
  idempotency_key: string | null;
  request_fingerprint: string | null;
  ridendine_request: string | null;
  ridendine_order_id: string | null;
  payment_session_id: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  support_actions: 'json' | null;
  workflow_id: string | null;
  workflow_run_id: string | null;
  date_created: 'datetime' | null;
  date_updated: 'datetime' | null;
  order_items: OrderItemRow[] | string[];
}

export interface OrderItemRow {
  id: string;
  order: OrderRow | string | null;
  sort: number | null;
  menu_item_id: string | null;
  name: string | null;
  quantity: number | null;
  /** Minor units. Written as a number; read as a string of digits, since the column is 64 bits wide. */
  unit_price: number | string | null;
  options: 'json' | null;
  note: string | null;
}

/** The schema type of the Directus SDK: `createDirectus<DirectusSchema>(url)`. */
export interface DirectusSchema {
  stores: StoreRow[];
  customers: CustomerRow[];
  quotes: QuoteRow[];
  orders: OrderRow[];
  order_items: OrderItemRow[];
}
