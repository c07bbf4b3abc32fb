import { describe, expect, it } from '@jest/globals';
import { failures, isFailureCode } from '../../src/domain/failures.ts';
import type { FailureCode } from '../../src/domain/failures.ts';

/** The table of docs/failures.md, written out by hand. Other teams and stored orders rely on every row. */
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
  it('are those of the document, tried again and answered as it says', () => {
    const declared = Object.entries(failures).map(([code, { retry, httpStatus }]) => [code, retry, httpStatus]);

    expect(declared).toHaveLength(table.length);
    expect(declared).toEqual(expect.arrayContaining(table));
  });

  it('may succeed with the same request later, where only a part of the system stood in the way', () => {
    const retryable = table.filter(([, , httpStatus]) => httpStatus === 503).map(([code]) => code);

    expect(codesWhere(({ retryable: isRetryable }) => isRetryable)).toEqual(retryable);
  });

  it('are the matter of the checkout, or of a part of the system', () => {
    expect(codesWhere(({ fault }) => fault !== 'checkout')).toEqual([
      'DirectusUnavailable',
      'DirectusRejected',
      'RideNDineUnauthorized',
      'RideNDineRateLimited',
      'RideNDineUnavailable',
      'RideNDineContractBroken',
      'LinkConflict',
    ]);
  });

  it('leave the key to other runs, unless it has an order that has ended or another checkout', () => {
    expect(codesWhere(({ finalFor }) => finalFor === 'key')).toEqual([
      'IdempotencyKeyReused',
      'OrderNeedsReview',
      'OrderCancelled',
    ]);
    expect(codesWhere(({ finalFor }) => finalFor === 'quote')).toEqual(['QuoteAlreadyUsed']);
  });

  it.each(Object.entries(failures))('%s says in a sentence what it means', (_code, { meaning }) => {
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  it.each(table)('%s is recognised', (code) => {
    expect(isFailureCode(code)).toBe(true);
  });

  it.each(['', 'checkoutinvalid', 'Error', 'toString', '__proto__', null, undefined, 422])('%j is none', (text) => {
    expect(isFailureCode(text)).toBe(false);
  });
});

function codesWhere(holds: (facts: (typeof failures)[FailureCode]) => boolean): string[] {
  return Object.entries(failures)
    .filter(([, facts]) => holds(facts))
    .map(([code]) => code);
}
