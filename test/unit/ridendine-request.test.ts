import { describe, expect, it } from '@jest/globals';
import {
  orderBody,
  ridendineIdempotencyKey,
  ridendineReplySchema,
} from '../../src/integrations/ridendine/order-body.ts';
import { newCheckout } from '../support/builders.ts';

const ORDER_ID = 'fb444879-793e-5e40-b2b0-72f80a4dc740';

/** The checkout of docs/requirements.md, without the fields that each test sets. */
const checkout = {
  quote_id: 'quote-1',
  merchant_id: 'merchant-1',
  customer: {
    email: 'customer-one@example.com',
    phone: '+1 555 0100',
    name: 'Customer "One" Ünï',
    id: '00000000-0000-4000-8000-000000000001',
  },
  items: [
    { quantity: 2, menu_item_id: 'dish-1', name: 'First dish', unit_price: 450, options: ['large'], spice: null },
    { menu_item_id: 'dish-2', name: 'Second dish', quantity: 1, unit_price: 100 },
  ],
  totals: { total: 1300, subtotal: 1000, delivery_fee: 300, currency: 'USD' },
};

describe('the body for RideNDine', () => {
  it('of a DELIVERY is the document of the requirements, its keys in their order', () => {
    const body = orderBody(
      ORDER_ID,
      newCheckout({
        ...checkout,
        fulfillment: { type: 'DELIVERY', address: '1 Example Street', lat: 10.5, lng: 106.25 },
      }),
    );

    expect(body).toBe(
      '{"quote_id":"quote-1",' +
        '"external_order_id":"fb444879-793e-5e40-b2b0-72f80a4dc740",' +
        '"merchant_id":"merchant-1",' +
        '"customer":{"external_id":"00000000-0000-4000-8000-000000000001","name":"Customer \\"One\\" Ünï",' +
        '"phone":"+1 555 0100","email":"customer-one@example.com"},' +
        '"fulfillment":{"type":"DELIVERY","address":"1 Example Street","lat":10.5,"lng":106.25},' +
        '"items":[{"quantity":2,"menu_item_id":"dish-1","name":"First dish","unit_price":450,"options":["large"],' +
        '"spice":null},{"menu_item_id":"dish-2","name":"Second dish","quantity":1,"unit_price":100}],' +
        '"totals":{"total":1300,"subtotal":1000,"delivery_fee":300,"currency":"USD"}}',
    );
  });

  it('of a PICKUP has a type and nothing else as its fulfillment', () => {
    const body = orderBody(
      ORDER_ID,
      newCheckout({
        ...checkout,
        items: [{ menu_item_id: 'dish-2', name: 'Second dish', quantity: 1, unit_price: 100 }],
        totals: { currency: 'USD', total: 100 },
        fulfillment: { type: 'PICKUP' },
      }),
    );

    expect(body).toBe(
      '{"quote_id":"quote-1",' +
        '"external_order_id":"fb444879-793e-5e40-b2b0-72f80a4dc740",' +
        '"merchant_id":"merchant-1",' +
        '"customer":{"external_id":"00000000-0000-4000-8000-000000000001","name":"Customer \\"One\\" Ünï",' +
        '"phone":"+1 555 0100","email":"customer-one@example.com"},' +
        '"fulfillment":{"type":"PICKUP"},' +
        '"items":[{"menu_item_id":"dish-2","name":"Second dish","quantity":1,"unit_price":100}],' +
        '"totals":{"currency":"USD","total":100}}',
    );
  });
});

describe("RideNDine's idempotency key", () => {
  it('is the order id with its prefix', () => {
    expect(ridendineIdempotencyKey(ORDER_ID)).toBe('cooco_order_fb444879-793e-5e40-b2b0-72f80a4dc740');
  });
});

describe("RideNDine's reply", () => {
  it('is its two ids, whatever else comes along', () => {
    const reply = ridendineReplySchema.parse({ ridendine_order_id: 'r-1', payment_session_id: 'p-1', status: 'new' });

    expect(reply).toEqual({ ridendine_order_id: 'r-1', payment_session_id: 'p-1' });
  });

  it('is taken byte for byte, blanks at the ends of an id included', () => {
    const reply = { ridendine_order_id: ' r-1\n', payment_session_id: 'p 1 ' };

    expect(ridendineReplySchema.parse(reply)).toEqual(reply);
  });

  it.each([
    {},
    { ridendine_order_id: 'r-1' },
    { payment_session_id: 'p-1' },
    { ridendine_order_id: '', payment_session_id: 'p-1' },
    { ridendine_order_id: 'r-1', payment_session_id: '' },
    { ridendine_order_id: ' \n', payment_session_id: 'p-1' },
    { ridendine_order_id: 'r-1', payment_session_id: '\u00a0\u200b' },
    { ridendine_order_id: 1, payment_session_id: 'p-1' },
    { ridendine_order_id: 'r-1', payment_session_id: null },
    { ridendine_order_id: 'r\u0000', payment_session_id: 'p-1' },
    { ridendine_order_id: 'r-1', payment_session_id: 'p\ud800' },
    [],
    null,
    'r-1',
  ])('is not %j', (reply) => {
    expect(ridendineReplySchema.safeParse(reply).success).toBe(false);
  });

  it('has ids no longer than Directus holds', () => {
    const longest = { ridendine_order_id: 'r'.repeat(512), payment_session_id: 'p'.repeat(4096) };

    expect(ridendineReplySchema.safeParse(longest).success).toBe(true);
    expect(ridendineReplySchema.safeParse({ ...longest, ridendine_order_id: 'r'.repeat(513) }).success).toBe(false);
    expect(ridendineReplySchema.safeParse({ ...longest, payment_session_id: 'p'.repeat(4097) }).success).toBe(false);
  });
});
