import { describe, expect, it } from '@jest/globals';
import { failureCodes, isFailureCode } from '../../src/domain/failure-codes.ts';

/** The table of failure codes in the design (section 3), by hand. Other teams and old orders rely on every row. */
const table: [code: string, retry: string, httpStatus: number][] = [
  ['CheckoutInvalid', 'never', 422],
  ['QuoteNotFound', 'never', 422],
  ['QuoteExpired', 'never', 422],
  ['StoreNotOnRideNDine', 'never', 422],
  ['QuoteAlreadyUsed', 'never', 409],
  ['IdempotencyKeyReused', 'never', 422],
  ['DirectusUnavailable', 'backoff', 503],
  ['DirectusRejected', 'never', 502],
  ['RideNDineRejected', 'never', 422],
  ['RideNDineUnauthorized', 'slowly', 503],
  ['RideNDineRateLimited', 'retry-after', 503],
  ['RideNDineUnavailable', 'backoff', 503],
  ['RideNDineContractBroken', 'backoff', 503],
  ['LinkConflict', 'review', 202],
  ['OrderNeedsReview', 'never', 409],
  ['OrderCancelled', 'never', 409],
];

describe('the failure codes', () => {
  it('are those of the design, tried again and answered as it says', () => {
    const declared = Object.entries(failureCodes).map(([code, { retry, httpStatus }]) => [code, retry, httpStatus]);

    expect(declared).toHaveLength(table.length);
    expect(declared).toEqual(expect.arrayContaining(table));
  });

  it.each(Object.entries(failureCodes))('%s says in a sentence what it means', (_code, { meaning }) => {
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  it.each(table)('%s is recognised', (code) => {
    expect(isFailureCode(code)).toBe(true);
  });

  it.each(['', 'checkoutinvalid', 'Error', 'toString', '__proto__', null, undefined, 422])('%j is none', (text) => {
    expect(isFailureCode(text)).toBe(false);
  });
});
