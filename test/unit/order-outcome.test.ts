import { describe, expect, it } from '@jest/globals';
import type { FailureCode } from '../../src/domain/failures.ts';
import { orderCreationStages } from '../../src/contract/runs.ts';
import type { OrderCreationStage } from '../../src/contract/runs.ts';
import { outcomeOf } from '../../src/telemetry/order-outcome.ts';

describe('the outcome of a run', () => {
  it.each<[OrderCreationStage, OrderCreationStage, FailureCode | undefined, string]>([
    ['LINKED', 'SAVING_LINK', undefined, 'linked'],
    ['LINKED', 'VALIDATING', undefined, 'repeated'],
    ['CANCELLED', 'CREATING_RECORD', undefined, 'cancelled'],
    ['CANCELLED', 'VALIDATING', 'OrderCancelled', 'refused'],
    ['FAILED', 'VALIDATING', 'QuoteExpired', 'refused'],
    ['FAILED', 'CREATING_RECORD', 'QuoteAlreadyUsed', 'refused'],
    ['FAILED', 'VALIDATING', 'DirectusUnavailable', 'failed'],
    ['FAILED', 'CREATING_RECORD', 'DirectusRejected', 'failed'],
    ['FAILED', 'CREATING_RIDENDINE_ORDER', 'RideNDineRejected', 'failed'],
    ['FAILED', 'CREATING_RIDENDINE_ORDER', 'QuoteExpired', 'failed'],
    ['FAILED', 'NEEDS_REVIEW', 'OrderNeedsReview', 'abandoned'],
  ])('is, at %s after %s with %s, %s', (stage, left, code, outcome) => {
    expect(outcomeOf(stage, { left, code })).toBe(outcome);
  });

  it('is not known before the end', () => {
    const ends = new Set(['LINKED', 'FAILED', 'CANCELLED']);
    const before = orderCreationStages.filter((stage) => !ends.has(stage));

    expect(before.map((stage) => outcomeOf(stage, { left: 'VALIDATING', code: 'LinkConflict' }))).toEqual(
      before.map(() => undefined),
    );
  });
});
