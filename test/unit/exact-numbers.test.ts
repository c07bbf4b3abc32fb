import { describe, expect, it } from '@jest/globals';
import { parseStrictJson } from '../../src/runtime/strict-json.ts';

/** The parsed number; `lost` if the parser returns no number, since a double would not hold the value. */
function parsed(number: string): unknown {
  const [value] = parseStrictJson(Buffer.from(`[${number}]`)) as [unknown];
  return typeof value === 'number' ? value : 'lost';
}

describe('a number in a body', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['-0.0', 0],
    ['0e99999', 0],
    ['1.0', 1],
    ['1e2', 100],
    ['100e-2', 1],
    ['1E+2', 100],
    ['-74.0060', -74.006],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['0.1', 0.1],
    ['5e-324', 5e-324],
    // Numbers written with 17 digits (`%.17g`), for instance by older PHP.
    ['0.10000000000000001', 0.1],
    ['106.66', 106.66],
    ['106.66000000000000', 106.66],
  ])('comes out as it was written: %s', (text, value) => {
    const result = parsed(text);

    expect(result === 0 ? 0 : result).toBe(value);
  });

  it.each([
    '1152921504606846977',
    '1152921504606846976',
    '738529527931269425',
    '-738529527931269425',
    '9007199254740993',
    '9007199254740993.0',
    '1e400',
    '-1e400',
    '1e-400',
    '1e99999999999999999999',
    '1e-99999999999999999999',
    '10.500000000000000001',
    // These have 17 digits, but a double keeps only 16 of them.
    '10.500000000000001',
    '0.1234567890123456789',
    '106.65999999999999659',
  ])('that a double does not hold is not changed in silence: %s', (text) => {
    expect(parsed(text)).toBe('lost');
  });

  it.each([0.1, 1 / 3, 1e21, 1e-7, 123_456.789, Number.MAX_VALUE, Number.MIN_VALUE, -(2 ** 60)])(
    'that JavaScript has written is what it was: %p',
    (value) => {
      expect(parsed(String(value))).toBe(value);
      expect(parsed(value.toPrecision(17))).toBe(value);
    },
  );

  it('is what it was, whatever double it is', () => {
    const view = new DataView(new ArrayBuffer(8));
    let state = 20_261_128n;
    const doubles = Array.from({ length: 20_000 }, () => {
      // Random bits from Knuth's MMIX generator.
      state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
      view.setBigUint64(0, state);
      return view.getFloat64(0);
    }).filter(Number.isFinite);

    expect(doubles.length).toBeGreaterThan(19_000);
    expect(doubles.map((value) => parsed(String(value)))).toEqual(doubles);
    expect(doubles.map((value) => parsed(value.toPrecision(17)))).toEqual(doubles);
  });

  it('is judged as quickly however many digits it has', () => {
    const zeros = '0'.repeat(65_000);

    expect(parsed(`1.${zeros}`)).toBe(1);
    expect(parsed(`0.${zeros}1`)).toBe('lost');
    expect(parsed(`1${zeros}`)).toBe('lost');
  });
});
