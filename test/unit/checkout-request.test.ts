import { describe, expect, it } from '@jest/globals';
import { checkoutRequestSchema } from '../../src/domain/checkout-request.ts';

/** A checkout request as a caller sends it. */
function input(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    customer_id: '00000000-0000-4000-8000-000000000001',
    quote_id: 'quote-1',
    fulfillment_method: 'DELIVERY',
    shipping_snapshot: { address: '1 Example Street', lat: 10.5, lng: 106.25 },
    customer_note: 'Ring twice.',
    idempotency_key: '00000000-0000-4000-8000-000000000002',
    ...changes,
  };
}

function parse(changes: Record<string, unknown> = {}) {
  return checkoutRequestSchema.safeParse(input(changes));
}

/** The paths of the faulty fields. For an unknown field, its name. */
function faults(changes: Record<string, unknown>): string[] {
  const { error } = parse(changes);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')],
  );
}

describe('a checkout request', () => {
  it('is accepted with every field, and stays as it is', () => {
    expect(parse().data).toEqual(input());
  });

  it('is accepted without what is optional', () => {
    const minimal = {
      customer_id: '00000000-0000-4000-8000-000000000001',
      quote_id: 'quote-1',
      fulfillment_method: 'PICKUP',
      idempotency_key: '00000000-0000-4000-8000-000000000002',
    };

    expect(checkoutRequestSchema.parse(minimal)).toEqual(minimal);
  });

  it.each(['customer_id', 'quote_id', 'fulfillment_method', 'idempotency_key'])('needs %s', (field) => {
    expect(faults({ [field]: undefined })).toEqual([field]);
    expect(faults({ [field]: null })).toEqual([field]);
  });

  it('has every fault reported at once', () => {
    expect(faults({ customer_id: 'x', quote_id: '', customer_note: 7 }).toSorted()).toEqual([
      'customer_id',
      'customer_note',
      'quote_id',
    ]);
  });

  it('is refused with a field that nobody knows', () => {
    expect(faults({ totals: { total: 1 } })).toEqual(['totals']);
  });

  it('treats null as absent', () => {
    const parsed = checkoutRequestSchema.parse(input({ shipping_snapshot: null, customer_note: null }));

    expect(JSON.stringify(parsed)).toBe(
      '{"customer_id":"00000000-0000-4000-8000-000000000001","quote_id":"quote-1","fulfillment_method":"DELIVERY",' +
        '"idempotency_key":"00000000-0000-4000-8000-000000000002"}',
    );
  });

  it('keeps what more an address says', () => {
    const snapshot = { address: '1 Example Street', lat: 10.5, lng: 106.25, floor: 3, gate: { codes: ['a', null] } };

    expect(parse({ shipping_snapshot: snapshot }).data?.shipping_snapshot).toEqual(snapshot);
  });

  it.each(['delivery', 'DINE_IN', '', 1])('knows no fulfillment method %j', (method) => {
    expect(faults({ fulfillment_method: method })).toEqual(['fulfillment_method']);
  });

  it.each([[['1 Example Street']], ['1 Example Street'], [1], [true]])(
    'takes no address in the form %j',
    (snapshot) => {
      expect(faults({ shipping_snapshot: snapshot })).toEqual(['shipping_snapshot']);
    },
  );
});

describe('the ids in a checkout request', () => {
  it.each(['idempotency_key', 'customer_id'])('%s is lower-cased', (field) => {
    const parsed = parse({ [field]: '7B8F0C52-3F7E-4C1D-9A34-5D2E8F9A0B1C' });

    expect(parsed.data).toMatchObject({ [field]: '7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c' });
  });

  it.each([
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '018f3c5e-7d2a-7b3c-8d4e-5f6a7b8c9d0e',
  ])('an idempotency key may be any UUID, whatever its version: %s', (key) => {
    expect(parse({ idempotency_key: key }).data?.idempotency_key).toBe(key);
  });

  it.each([
    ['without hyphens', '7b8f0c523f7e4c1d9a345d2e8f9a0b1c'],
    ['in braces', '{7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c}'],
    ['as a URN', 'urn:uuid:7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c'],
    ['with a space before it', ' 7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c'],
    ['with a line break after it', '7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1c\n'],
    ['with hyphens elsewhere', '7b8f0c523-f7e-4c1d-9a34-5d2e8f9a0b1c'],
    ['with a letter that is no hexadecimal digit', '7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1g'],
    ['too short', '7b8f0c52-3f7e-4c1d-9a34-5d2e8f9a0b1'],
    ['empty', ''],
    ['a number', 7],
  ])('an idempotency key %s is refused', (_form, key) => {
    expect(faults({ idempotency_key: key })).toEqual(['idempotency_key']);
  });

  it.each(['', 'x'.repeat(256), 7])('a quote id like %j is refused', (quoteId) => {
    expect(faults({ quote_id: quoteId })).toEqual(['quote_id']);
  });
});

describe('an address that is nested', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 'x' : { more: nested(depth - 1) });

  it('reasonably is taken, and deeply is refused', () => {
    expect(faults({ shipping_snapshot: nested(20) })).toEqual([]);
    expect(faults({ shipping_snapshot: nested(100) })).toEqual(['shipping_snapshot.more']);
  });

  it('deeper than any stack is refused like any other', () => {
    const text = '{"more":'.repeat(30_000) + '1' + '}'.repeat(30_000);

    expect(faults({ shipping_snapshot: JSON.parse(text) as unknown })).toEqual(['shipping_snapshot.more']);
  });
});

describe('characters that cannot be stored', () => {
  const texts = [
    ['a NUL', 'a\u0000b'],
    ['a lone high surrogate', 'a\ud83d'],
    ['a lone low surrogate', '\ude00b'],
  ];

  it.each(texts)('%s is refused in a quote id', (_what, text) => {
    expect(faults({ quote_id: text })).toEqual(['quote_id']);
  });

  it.each(texts)('%s is refused in a note', (_what, text) => {
    expect(faults({ customer_note: text })).toEqual(['customer_note']);
  });

  it.each(texts)('%s is refused anywhere in an address', (_what, text = '') => {
    expect(faults({ shipping_snapshot: { address: text } })).toEqual(['shipping_snapshot.address']);
    expect(faults({ shipping_snapshot: { address: 'x', more: [{ deep: [text] }] } })).toEqual([
      'shipping_snapshot.more.0.deep.0',
    ]);
    expect(faults({ shipping_snapshot: { address: 'x', [text]: 1 } })).toEqual(['shipping_snapshot']);
  });

  it('whole surrogate pairs and every other character pass', () => {
    const text = 'Bánh mì 🍜 \t\n\u0001\u2028';

    const parsed = parse({ customer_note: text, quote_id: text, shipping_snapshot: { [text]: text } });

    expect(parsed.data).toMatchObject({ customer_note: text, quote_id: text, shipping_snapshot: { [text]: text } });
  });

  it('the reason for a refusal does not repeat the text', () => {
    const { error } = parse({ customer_note: 'canary\u0000', quote_id: 'canary\u0000', customer_id: 'canary' });

    expect(JSON.stringify(error?.issues)).not.toContain('canary');
  });
});
