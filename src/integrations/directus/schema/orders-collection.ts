import { longestLinkId, partnerStates } from '../../../domain/order.ts';
import type { OrderStatus, PartnerState } from '../../../domain/order.ts';
import {
  collections,
  customerFields,
  orderFields,
  orderFormParts,
  orderItemFields,
  storeFields,
  supportActionFields,
} from '../collections.ts';
import type { CollectionDefinition, FieldDefinition, FieldMeta, FieldType } from './definition.ts';
import {
  choice,
  formPart,
  group,
  json,
  longString,
  manyToOne,
  named,
  oneToMany,
  string,
  text,
  timestamp,
  uuid,
  uuidKey,
} from './fields.ts';
import { fulfillmentChoices } from './upstream-collections.ts';
import { whatToDo } from './what-to-do.ts';

/** Where support staff see the workflow of an order. */
export interface WorkflowLink {
  /** Address of the Temporal UI. */
  temporalUiUrl: string;
  namespace: string;
}

const { ridendineGroup, failureGroup, technicalGroup } = orderFormParts;

/** People do not edit an order. Its workflow writes it, and the button on the form leads to the workflow. */
const written = { readonly: true };
const ofFailure = { ...written, group: failureGroup };
const technical = { ...written, group: technicalGroup };

/** The hub of the platform: one row for each confirmed checkout. */
export function ordersCollection(link: WorkflowLink | undefined): CollectionDefinition {
  return {
    collection: collections.orders,
    owner: 'ours',
    meta: {
      icon: 'receipt_long',
      note: 'One row for each confirmed checkout. Written by the workflow orderCreation; later phases carry it on.',
      // Without the status: after a decision, the title of an open page would still show the old status.
      display_template: '{{customer.name}}, {{date_created}}, {{store.name}}',
      color: '#6644FF',
    },
    fields: [
      // What people look for when a customer calls comes first. The ordered items come later, because they are long.
      ...customerAndStore,
      ...stateFields,
      whatToDo,
      ...(link === undefined ? [] : [workflowButton(link)]),
      uuidKey(
        orderFields.id,
        'The order id: RideNDine knows it as external_order_id. Derived from the idempotency key, so that a repeated request finds its order.',
      ),
      ...timeFields,
      ...failureFields,
      ...cartFields,
      ...ridendineFields,
      ...technicalFields,
    ],
    relations: [
      // A customer or a store with orders cannot be deleted; a customer is anonymized instead. A quote may be deleted,
      // which is why the quote id is no relation.
      { field: orderFields.customer, related: collections.customers, onDelete: 'NO ACTION' },
      { field: orderFields.store, related: collections.stores, onDelete: 'NO ACTION' },
    ],
  };
}

/** The colour of each order status, on the form and in lists. */
export const statusColors = {
  PENDING_PAYMENT: '#3399FF',
  NEEDS_REVIEW: '#FFA439',
  FAILED: '#E35169',
  CANCELLED: '#A2B5CD',
} as const satisfies Record<OrderStatus, string>;

/** Label and colour of each state at RideNDine. */
const partnerStateLooks = {
  WAITING: { text: 'Waiting for RideNDine', color: '#FFA439' },
  CREATED: { text: 'At RideNDine', color: '#2ECDA7' },
  UNKNOWN: { text: 'Ask RideNDine', color: '#E35169' },
  NONE: { text: 'Not at RideNDine', color: '#A2B5CD' },
} as const satisfies Record<PartnerState, { text: string; color: string }>;

const stateFields: FieldDefinition[] = [
  choice(
    orderFields.status,
    'Where the order is. Written by the workflow until it is linked, then by later phases.',
    [
      { value: 'PENDING_PAYMENT', text: 'Pending payment', color: statusColors.PENDING_PAYMENT },
      { value: 'NEEDS_REVIEW', text: 'Needs review', color: statusColors.NEEDS_REVIEW },
      { value: 'FAILED', text: 'Failed', color: statusColors.FAILED },
      { value: 'CANCELLED', text: 'Cancelled', color: statusColors.CANCELLED },
    ],
    { ...written, column: { is_indexed: true } },
  ),
  choice(
    orderFields.atRidendine,
    'Whether RideNDine has the order. With it, a pending payment waits for the customer; without it, for RideNDine.',
    partnerStates.map((value) => ({ value, ...partnerStateLooks[value] })),
    { ...written, translations: named('At RideNDine') },
  ),
  choice(
    orderFields.paymentStatus,
    'PENDING when the order is made; the payment phase writes what becomes of it.',
    [{ value: 'PENDING', text: 'Pending', color: '#3399FF' }],
    written,
  ),
];

const timeFields: FieldDefinition[] = [
  timestamp(orderFields.dateCreated, 'When the order was recorded. RideNDine keeps our key from about then on.', {
    ...written,
    special: ['date-created'],
    column: { is_indexed: true },
  }),
  timestamp(orderFields.dateUpdated, 'When the row was last changed.', { ...written, special: ['date-updated'] }),
];

const customerAndStore: FieldDefinition[] = [
  manyToOne(
    {
      field: orderFields.customer,
      keyType: 'uuid',
      template: `{{${customerFields.name}}}, {{${customerFields.phone}}}`,
      note: 'Who ordered. A customer with orders cannot be deleted, only anonymized.',
    },
    { ...written, display_options: { template: `{{${customerFields.name}}}` } },
  ),
  manyToOne(
    {
      field: orderFields.store,
      keyType: 'uuid',
      template: `{{${storeFields.name}}}`,
      note: 'Who cooks. A store with orders cannot be deleted.',
    },
    written,
  ),
  string(orderFields.total, 'What the customer pays.', written),
];

const cartFields: FieldDefinition[] = [
  oneToMany(orderFields.orderItems, {
    note: 'The lines of the order. Written once, with the order.',
    interface: 'list-o2m',
    options: {
      layout: 'table',
      fields: [orderItemFields.quantity, orderItemFields.name, orderItemFields.price, orderItemFields.note],
      enableCreate: false,
      enableSelect: false,
      limit: 50,
    },
    display: 'related-values',
    display_options: { template: `{{${orderItemFields.quantity}}} × {{${orderItemFields.name}}}` },
    readonly: true,
  }),
  text(orderFields.customerNote, 'What the customer wrote, for the kitchen.', written),
  choice(orderFields.fulfillmentMethod, 'How the order reaches the customer.', fulfillmentChoices(), written),
  string(orderFields.quoteId, 'The quote that was checked out.', {
    ...written,
    width: 'full',
    column: { is_indexed: true },
  }),
  json(orderFields.shippingSnapshot, 'Where to, as confirmed at checkout. Empty for a pickup.', '{{address}}', written),
];

const ridendineFields: FieldDefinition[] = [
  group(
    ridendineGroup,
    { title: 'At RideNDine', icon: 'link', start: 'open' },
    'The same order at RideNDine. Empty until the two are linked.',
  ),
  string(orderFields.ridendineOrderId, 'The order at RideNDine. No two orders have the same one.', {
    ...written,
    translations: named('RideNDine Order ID'),
    width: 'full',
    group: ridendineGroup,
    column: { is_unique: true, max_length: longestLinkId.ridendine_order_id },
  }),
  longString(orderFields.paymentSessionId, 'The payment that the customer is sent to.', {
    ...written,
    width: 'full',
    group: ridendineGroup,
  }),
];

const failureFields: FieldDefinition[] = [
  group(
    failureGroup,
    { title: 'What went wrong', icon: 'report', start: 'open' },
    'Why the order failed or waits for a person, and what support staff did about it. Empty while all is well.',
  ),
  string(orderFields.failureCode, 'The code that the runbook explains.', ofFailure),
  text(orderFields.failureReason, 'The same in a sentence.', ofFailure),
  supportActionsList(),
];

/** A list with one line for each action. An opened line shows the parts of the action one below the other. */
function supportActionsList(): FieldDefinition {
  const { at, actor, action, reason, replaced } = supportActionFields;
  const template = `{{${at}}} {{${action}}} by {{${actor}}}: {{${reason}}}`;
  return json(
    orderFields.supportActions,
    'What support staff did about the order and why, the oldest first. Written by the workflow.',
    template,
    {
      ...ofFailure,
      interface: 'list',
      options: {
        template,
        fields: [
          entryField(at, 'timestamp', 'datetime', { display: 'datetime', display_options: { relative: false } }),
          entryField(actor, 'string', 'input'),
          entryField(action, 'string', 'input'),
          entryField(reason, 'text', 'input-multiline'),
          entryField(replaced, 'json', 'input-code', { options: { language: 'JSON', lineNumber: false } }),
        ],
      },
    },
  );
}

function entryField(field: string, type: FieldType, look: string, display: Partial<FieldMeta> = {}) {
  return {
    field,
    name: field,
    type,
    meta: { field, type, interface: look, ...display, readonly: true, width: 'full' },
  };
}

const technicalFields: FieldDefinition[] = [
  group(
    technicalGroup,
    { title: 'Technical', icon: 'settings', start: 'closed' },
    'What makes the order exactly one. Never edit these.',
  ),
  json(
    orderFields.totals,
    'What the customer pays, in minor units, as quoted. Goes to RideNDine unchanged.',
    '{{total}} {{currency}}',
    technical,
  ),
  json(orderFields.itemsSnapshot, 'The cart as quoted. Goes to RideNDine unchanged.', '{{name}}', technical),
  text(orderFields.foundBy, 'Search words: who ordered, and the address.', { ...written, hidden: true }),
  uuid(orderFields.idempotencyKey, 'Sent by the checkout page: the same key is the same order.', {
    ...technical,
    column: { is_unique: true },
  }),
  string(orderFields.activeQuoteId, 'The quote while the order is live, else empty: a quote makes one live order.', {
    ...technical,
    column: { is_unique: true },
  }),
  string(orderFields.requestFingerprint, 'Tells whether a repeated key came with the same request.', {
    ...technical,
    width: 'full',
  }),
  string(orderFields.workflowId, 'The workflow in Temporal that carries the order.', { ...technical, width: 'full' }),
  string(orderFields.workflowRunId, 'The run of that workflow that carries the order.', {
    ...technical,
    width: 'full',
  }),
  text(orderFields.ridendineRequest, 'The exact text that every attempt sends to RideNDine.', {
    ...technical,
    interface: 'input-code',
    options: { language: 'plaintext', lineNumber: false, lineWrapping: true },
  }),
];

function workflowButton({ temporalUiUrl, namespace }: WorkflowLink): FieldDefinition {
  return formPart(orderFormParts.workflowLink, {
    note: null,
    interface: 'presentation-links',
    options: {
      links: [
        {
          label: 'What happened to this order',
          icon: 'account_tree',
          type: 'primary',
          actionType: 'url',
          url: `${temporalUiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/{{${orderFields.workflowId}}}/{{${orderFields.workflowRunId}}}/user-metadata`,
        },
      ],
    },
  });
}
