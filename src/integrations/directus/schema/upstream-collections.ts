import { collections, customerFields, quoteFields, storeFields } from '../collections.ts';
import type { CollectionDefinition } from './definition.ts';
import { choice, json, manyToOne, string, timestamp, uuidKey } from './fields.ts';

// The database does not require the values that the checkout rules check. Wrong data must be able to exist, so that a
// checkout reports the data to the people who can correct it.

export const stores: CollectionDefinition = {
  collection: collections.stores,
  owner: 'theirs',
  meta: {
    icon: 'storefront',
    note: 'The kitchens that customers order from.',
    display_template: '{{name}}',
    color: '#2ECDA7',
  },
  fields: [
    uuidKey(storeFields.id, 'Identifies the store in every system.'),
    string(storeFields.name, 'What customers see.'),
    string(
      storeFields.ridendineMerchantId,
      'The store at RideNDine. While it is empty the store takes no orders: a checkout answers StoreNotOnRideNDine.',
    ),
  ],
  relations: [],
};

export const customers: CollectionDefinition = {
  collection: collections.customers,
  owner: 'theirs',
  meta: { icon: 'person', note: 'The people who order.', display_template: '{{name}}', color: '#3399FF' },
  fields: [
    uuidKey(customerFields.id, 'Identifies the customer in every system.'),
    string(customerFields.name, 'Sent to RideNDine with every order. A checkout needs it.'),
    string(customerFields.phone, 'Sent to RideNDine with every order, for the courier. A checkout needs it.'),
    string(customerFields.email, 'Sent to RideNDine with every order. A checkout needs it.'),
  ],
  relations: [],
};

export const quotes: CollectionDefinition = {
  collection: collections.quotes,
  owner: 'theirs',
  meta: {
    icon: 'request_quote',
    note: 'A priced cart that a customer can check out until it expires. Written by Phase 2, only read here.',
    display_template: '{{id}}',
    color: '#FFA439',
  },
  fields: [
    string(quoteFields.id, 'The quote id that Phase 2 gave.', {
      column: { is_primary_key: true },
      width: 'full',
      readonly: true,
    }),
    manyToOne({
      field: quoteFields.customer,
      keyType: 'uuid',
      template: '{{name}}',
      note: 'Who may check this quote out.',
    }),
    manyToOne({ field: quoteFields.store, keyType: 'uuid', template: '{{name}}', note: 'Who cooks.' }),
    choice(quoteFields.fulfillmentMethod, 'What the quote was priced for.', fulfillmentChoices()),
    timestamp(quoteFields.expiresAt, 'After this moment a checkout answers QuoteExpired.'),
    json(
      quoteFields.totals,
      'What the customer pays, in minor units: at least currency and total.',
      '{{total}} {{currency}}',
    ),
    json(
      quoteFields.itemsSnapshot,
      'The cart: menu_item_id, name, quantity, unit_price (minor units, options included), options, note.',
      '{{name}}',
    ),
  ],
  relations: [
    { field: quoteFields.customer, related: collections.customers, onDelete: 'SET NULL' },
    { field: quoteFields.store, related: collections.stores, onDelete: 'SET NULL' },
  ],
};

export function fulfillmentChoices() {
  return [
    { value: 'DELIVERY', text: 'Delivery', color: '#3399FF' },
    { value: 'PICKUP', text: 'Pickup', color: '#6644FF' },
  ];
}
