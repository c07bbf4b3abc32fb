import { describe, expect, it } from '@jest/globals';
import { checkoutRequestSchema } from '../../src/domain/checkout-request.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { requestFingerprint } from '../../src/domain/request-fingerprint.ts';

const delivery: CheckoutRequest = {
  customer_id: '00000000-0000-4000-8000-000000000002',
  quote_id: 'quote-1',
  fulfillment_method: 'DELIVERY',
  shipping_snapshot: {
    address: '1 Example Street',
    lat: 10.5,
    lng: 106.25,
    floor: 3,
    gate: { code: 'A', b: [1, null, { x: true }] },
  },
  customer_note: 'sans piment, s’il vous plaît',
  idempotency_key: '00000000-0000-4000-8000-000000000001',
};

// Computed with Python: hashlib.sha256 of the following texts in UTF-8.
// {"customer_id":"00000000-0000-4000-8000-000000000002","customer_note":"sans piment, s’il vous plaît",
//  "fulfillment_method":"DELIVERY","quote_id":"quote-1","shipping_snapshot":{"address":"1 Example Street","floor":3,
//  "gate":{"b":[1,null,{"x":true}],"code":"A"},"lat":10.5,"lng":106.25}}                        (on one line, no spaces)
const OF_DELIVERY = '9c1122ca20a72d15fa46524c5240a9949df36942c1327df92228a2a27abc9b0b';
// {"customer_id":"00000000-0000-4000-8000-000000000002","fulfillment_method":"PICKUP","quote_id":"quote-1"}
const OF_PICKUP = '4ed50ca2003640f4883046a6cdf2d7a336dd1df44c2fd4f80b7f70741ae8727b';
// Orders in production have such fingerprints: never change an expected value here.

describe('a request’s fingerprint', () => {
  it('is the SHA-256 of its canonical JSON without the key', () => {
    expect(requestFingerprint(delivery)).toBe(OF_DELIVERY);
  });

  it('does not depend on the key', () => {
    const other = { ...delivery, idempotency_key: '00000000-0000-4000-8000-0000000000ff' };

    expect(requestFingerprint(other)).toBe(OF_DELIVERY);
  });

  it('does not depend on the order of members, at any depth', () => {
    const shuffled: CheckoutRequest = {
      idempotency_key: delivery.idempotency_key,
      shipping_snapshot: {
        gate: { b: [1, null, { x: true }], code: 'A' },
        floor: 3,
        lng: 106.25,
        lat: 10.5,
        address: '1 Example Street',
      },
      customer_note: 'sans piment, s’il vous plaît',
      fulfillment_method: 'DELIVERY',
      quote_id: 'quote-1',
      customer_id: '00000000-0000-4000-8000-000000000002',
    };

    expect(requestFingerprint(shuffled)).toBe(OF_DELIVERY);
  });

  it.each([
    ['absent', {}],
    ['null', { shipping_snapshot: null, customer_note: null }],
  ])('is the same where optional fields are %s', (_what, optional) => {
    const parsed = checkoutRequestSchema.parse({
      customer_id: '00000000-0000-4000-8000-000000000002',
      quote_id: 'quote-1',
      fulfillment_method: 'PICKUP',
      idempotency_key: '00000000-0000-4000-8000-000000000001',
      ...optional,
    });

    expect(requestFingerprint(parsed)).toBe(OF_PICKUP);
  });

  it('is the same where a member deep in the address is null or absent', () => {
    const { shipping_snapshot } = delivery;
    const withNulls = { ...shipping_snapshot, entrance: null, gate: { code: 'A', b: [1, null, { x: true, y: null }] } };

    expect(requestFingerprint({ ...delivery, shipping_snapshot: withNulls })).toBe(OF_DELIVERY);
  });

  it.each<[string, Partial<CheckoutRequest>]>([
    ['customer', { customer_id: '00000000-0000-4000-8000-000000000003' }],
    ['quote', { quote_id: 'quote-2' }],
    ['method', { fulfillment_method: 'PICKUP' }],
    ['note', { customer_note: 'sans piment' }],
    ['address', { shipping_snapshot: { ...delivery.shipping_snapshot, lat: 10.500_001 } }],
    ['list in the address', { shipping_snapshot: { ...delivery.shipping_snapshot, gate: { code: 'A', b: [1] } } }],
  ])('differs with another %s', (_what, change) => {
    expect(requestFingerprint({ ...delivery, ...change })).not.toBe(OF_DELIVERY);
  });
});
