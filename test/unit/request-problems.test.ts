import { describe, expect, it } from '@jest/globals';
import type { CheckoutRequestInput } from '../../src/client/index.ts';
import { OrderFailedError } from '../../src/client/index.ts';
import { parseRequest } from '../../src/client/parse-request.ts';
import { newCheckoutRequest } from '../support/builders.ts';

const address = { address: '1 Example Street', lat: 10.5, lng: 106.25 };

/** The problems that the library reports for a request, each as `field: sentence`. */
function problemsOf(changes: Record<string, unknown>): string[] {
  try {
    parseRequest({ ...newCheckoutRequest(), ...changes });
    return [];
  } catch (error) {
    if (!(error instanceof OrderFailedError)) throw error;
    return error.problems
      .filter(({ code }) => code === 'CheckoutInvalid')
      .map(({ field, detail }) => `${field}: ${detail}`);
  }
}

const nested = (levels: number): unknown => (levels === 0 ? 'core' : [nested(levels - 1)]);

const TOO_LARGE =
  'The number is too large to be kept exactly. Send one from -9007199254740991 to 9007199254740991, or a text.';
const NO_JSON = 'The value cannot be written as JSON.';

describe('the problem of a request', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a missing field', { quote_id: undefined }, 'quote_id: The value is missing.'],
    ['a field that is null', { customer_id: null }, 'customer_id: The value is missing.'],
    ['a missing method', { fulfillment_method: undefined }, 'fulfillment_method: The value is missing.'],
    ['an unknown field', { totals: 1 }, 'totals: Unknown field.'],
    ['an unknown field with a name that may be anything', { 'A. Name': 1 }, 'request: Unknown field.'],
    ['a UUID without hyphens', { customer_id: '0'.repeat(32) }, 'customer_id: The value must be a UUID with hyphens.'],
    ['a key that is none', { idempotency_key: 'x' }, 'idempotency_key: The value must be a UUID with hyphens.'],
    ['another method', { fulfillment_method: 'DINE_IN' }, 'fulfillment_method: The value must be DELIVERY or PICKUP.'],
    ['an empty text', { quote_id: '' }, 'quote_id: The text is empty.'],
    ['a long id', { quote_id: 'q'.repeat(256) }, 'quote_id: The text is too long: at most 255 characters.'],
    [
      'a long note',
      { customer_note: 'n'.repeat(4001) },
      'customer_note: The text is too long: at most 4000 characters.',
    ],
    ['a number for a text', { customer_note: 7 }, 'customer_note: The value must be a text.'],
    ['1e400 for a text', { customer_note: Infinity }, 'customer_note: The value must be a text.'],
    [
      'a NUL character',
      { customer_note: 'n\u0000' },
      'customer_note: The text has a NUL character (U+0000) in it, which cannot be stored.',
    ],
    [
      'half a character',
      { customer_note: 'n\ud800' },
      'customer_note: The text has a lone surrogate (half a character) in it, which cannot be stored.',
    ],
    ['a text for an address', { shipping_snapshot: 'here' }, 'shipping_snapshot: The value must be a JSON object.'],
    ['a list for an address', { shipping_snapshot: [1] }, 'shipping_snapshot: The value must be a JSON object.'],
    ['a date for an address', { shipping_snapshot: new Date() }, 'shipping_snapshot: The value must be a JSON object.'],
  ])('says which rule was broken: %s', (_what, changes, problem) => {
    expect(problemsOf(changes)).toEqual([problem]);
  });

  it.each<[string, unknown, string]>([
    ['a number', 2 ** 60, TOO_LARGE],
    ['a number below zero', -(2 ** 53), TOO_LARGE],
    ['the first integer that another one is taken for', 2 ** 53, TOO_LARGE],
    ['a number with an exponent', 1e300, TOO_LARGE],
    ['1e400', Infinity, TOO_LARGE],
    ['no number', Number.NaN, 'The value is not a number.'],
    ['a bigint', 5n, NO_JSON],
    ['a function', () => 1, NO_JSON],
    ['a symbol', Symbol('s'), NO_JSON],
    ['a date', new Date(), NO_JSON],
    ['a map', new Map(), NO_JSON],
    ['a list with a gap', [undefined], NO_JSON],
    ['a NUL character', 'a\u0000', 'The text has a NUL character (U+0000) in it, which cannot be stored.'],
    ['too many levels', nested(40), 'The value is nested more than 32 levels deep.'],
  ])('names the field within an address, and the rule: %s', (_what, value, rule) => {
    const [fault, ...others] = problemsOf({ shipping_snapshot: { ...address, s2_cell: value } });

    expect(others).toEqual([]);
    expect(fault).toMatch(/^shipping_snapshot\.s2_cell(\[0\])?: /);
    expect(fault?.endsWith(`: ${rule}`)).toBe(true);
  });

  it('names the field however deep it is, and stops at a name that could be anything', () => {
    const cells = [{ id: 1 }, { id: 2 ** 60 }];

    expect(problemsOf({ shipping_snapshot: { ...address, grid: { cells } } })).toEqual([
      `shipping_snapshot.grid.cells[1].id: ${TOO_LARGE}`,
    ]);
    expect(problemsOf({ shipping_snapshot: { ...address, 'Canary Row 17': { cells } } })).toEqual([
      `shipping_snapshot.*: ${TOO_LARGE}`,
    ]);
    expect(problemsOf({ shipping_snapshot: { ...address, '0901234567': { cells } } })).toEqual([
      `shipping_snapshot.*: ${TOO_LARGE}`,
    ]);
  });

  it('that is in the name of a member is told of the object', () => {
    expect(problemsOf({ shipping_snapshot: { ...address, gate: { 'a\u0000': 1 } } })).toEqual([
      'shipping_snapshot.gate: The text has a NUL character (U+0000) in it, which cannot be stored.',
    ]);
  });

  it('is told together with every other, and never repeats a value', () => {
    const told = problemsOf({
      customer_id: 'canary',
      quote_id: 'canary'.repeat(50),
      fulfillment_method: 'canary',
      customer_note: 'canary\u0000',
      shipping_snapshot: { a: 'canary\u0000', b: 2 ** 60, c: Number.NaN, d: 5n },
      extra: 'canary',
    });

    expect(told).toHaveLength(9);
    expect(told.join()).not.toMatch(/canary|115292/);
  });
});

describe('an address', () => {
  it('is taken with what is the largest and the smallest that can be kept', () => {
    const numbers = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1, 5e-324, 1 / 3];

    expect(parseRequest(newCheckoutRequest({ shipping_snapshot: { ...address, numbers } })).shipping_snapshot).toEqual({
      ...address,
      numbers,
    });
  });

  it('loses what is undefined in it, as absent things are lost', () => {
    const snapshot = { ...address, floor: undefined, gate: { code: undefined, no: 1 } };
    const input = { ...newCheckoutRequest(), shipping_snapshot: snapshot } as unknown as CheckoutRequestInput;

    expect(Object.keys(parseRequest(input).shipping_snapshot ?? {})).toEqual(['address', 'lat', 'lng', 'gate']);
  });
});
