import { describe, expect, it } from '@jest/globals';
import { deriveOrderId, deriveOrderItemId } from '../../src/domain/order-ids.ts';

// Computed with Python:
//   order = uuid.uuid5(uuid.UUID('c0a5b1d4-6f0e-4d57-9b0b-7d1f6f1f3c9e'), key)
//   item = uuid.uuid5(order, str(index))
// Orders in production have these ids: never change an expected value here.

describe('an order id', () => {
  it.each([
    ['00000000-0000-4000-8000-000000000001', 'fb444879-793e-5e40-b2b0-72f80a4dc740'],
    ['7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c', '2cb5c7e0-f634-50de-998a-26e21267da8a'],
  ])('is always the same for key %s', (key, expected) => {
    expect(deriveOrderId(key)).toBe(expected);
  });

  it('does not depend on how the key is written', () => {
    expect(deriveOrderId('7B8F0C52-3F7E-4C1D-9A34-5D2E8F9A0B1C')).toBe('2cb5c7e0-f634-50de-998a-26e21267da8a');
  });
});

describe('the ids of an order’s lines', () => {
  it('are always the same for order and line', () => {
    const ids = [0, 1, 2].map((index) => deriveOrderItemId('fb444879-793e-5e40-b2b0-72f80a4dc740', index));

    expect(ids).toEqual([
      'd18203e2-00ed-5f1f-9a70-2a1769da507c',
      '093a0ec8-0bd9-5775-ba38-fae6366fbac8',
      '71452cfe-3939-5e3b-8a90-a699bc9d091f',
    ]);
  });

  it('differ from order to order', () => {
    expect(deriveOrderItemId('2cb5c7e0-f634-50de-998a-26e21267da8a', 0)).toBe('7d5b2939-bf95-592f-8d5e-63d6ec6d34bc');
  });
});
