import { collections, orderFields, orderItemFields } from '../collections.ts';
import type { CollectionDefinition } from './definition.ts';
import { amount, integer, json, longString, manyToOne, string, text, uuidKey } from './fields.ts';

const written = { readonly: true };

/** The lines of the orders, as rows that can be counted and searched. */
export const orderItems: CollectionDefinition = {
  collection: collections.orderItems,
  owner: 'ours',
  meta: {
    icon: 'ramen_dining',
    note: 'The lines of the orders, one row each. Written once, together with their order.',
    display_template: '{{quantity}} × {{name}}',
    color: '#6644FF',
    sort_field: orderItemFields.sort,
  },
  fields: [
    uuidKey(orderItemFields.id, 'Derived from the order and the line, so that a repeated write writes the same row.', {
      hidden: true,
    }),
    manyToOne(
      {
        field: orderItemFields.order,
        keyType: 'uuid',
        template: `{{${orderFields.id}}}`,
        note: 'The order that the line belongs to.',
      },
      { ...written, width: 'full' },
    ),
    integer(orderItemFields.sort, 'The place of the line in the cart.', { ...written, hidden: true }),
    longString(orderItemFields.name, 'The dish as it was called when it was ordered.', written),
    longString(orderItemFields.menuItemId, 'The dish on the menu.', written),
    integer(orderItemFields.quantity, 'How many.', written),
    string(orderItemFields.price, 'The price of one, options included, as people write it.', written),
    amount(orderItemFields.unitPrice, 'The same in minor units.', { ...written, hidden: true }),
    json(orderItemFields.options, 'What the customer chose with it.', undefined, written),
    text(orderItemFields.note, 'What the customer wrote to this line.', written),
  ],
  relations: [
    {
      field: orderItemFields.order,
      related: collections.orders,
      // A line is part of its order and is deleted with it.
      onDelete: 'CASCADE',
      list: { field: orderFields.orderItems, sortBy: orderItemFields.sort },
    },
  ],
};
