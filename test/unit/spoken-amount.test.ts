import { describe, expect, it } from '@jest/globals';
import { spokenAmount } from '../../src/domain/spoken-amount.ts';

describe('an amount as people write it', () => {
  it.each([
    [6433, 'USD', '64.33 USD'],
    [5, 'EUR', '0.05 EUR'],
    [0, 'EUR', '0.00 EUR'],
    [100, 'EUR', '1.00 EUR'],
    [6433, 'JPY', '6433 JPY'],
    [6433, 'KWD', '6.433 KWD'],
    [5, 'KWD', '0.005 KWD'],
    [Number.MAX_SAFE_INTEGER, 'USD', '90071992547409.91 USD'],
    // A currency that does not exist.
    [6433, 'XQX', '64.33 XQX'],
  ])('%d minor units of %s are %s', (minorUnits, currency, text) => {
    expect(spokenAmount(minorUnits, currency)).toBe(text);
  });
});
