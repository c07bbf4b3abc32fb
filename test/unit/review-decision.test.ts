import { describe, expect, it } from '@jest/globals';
import { faultsOfReviewDecision } from '../../src/domain/review-decision.ts';

const who = { actor: 'support-1', reason: 'Asked the partner.' };

describe('a review decision', () => {
  it.each([
    { decision: 'retry', ...who },
    { decision: 'abandon', ...who },
    { decision: 'link', ridendine_order_id: 'r-1', payment_session_id: 'p-1', ...who },
    { decision: 'retry', ...who, ticket: 'T-1' },
  ])('is complete: %j', (decision) => {
    expect(faultsOfReviewDecision(decision)).toEqual([]);
  });

  it.each<[unknown, string[]]>([
    [undefined, ['decision']],
    [null, ['decision']],
    ['retry', ['decision']],
    [[], ['decision']],
    [who, ['decision']],
    [{ decision: 'Retry', ...who }, ['decision']],
    [{ decision: 'toString', ...who }, ['decision']],
    [{ decision: ['retry'], ...who }, ['decision']],
    [{ decision: 'retry' }, ['actor', 'reason']],
    [{ decision: 'retry', actor: 'support-1' }, ['reason']],
    [{ decision: 'abandon', actor: ' ', reason: '' }, ['actor', 'reason']],
    [{ decision: 'abandon', actor: 1, reason: {} }, ['actor', 'reason']],
    [{ decision: 'link', ...who }, ['ridendine_order_id', 'payment_session_id']],
    [{ decision: 'link', ...who, ridendine_order_id: 'r-1' }, ['payment_session_id']],
    [
      { decision: 'link', ...who, ridendine_order_id: '', payment_session_id: ' ' },
      ['ridendine_order_id', 'payment_session_id'],
    ],
    [{ decision: 'retry', actor: 'support\u00001', reason: 'Asked \ud800.' }, ['actor', 'reason']],
    [{ decision: 'retry', actor: 'x'.repeat(501), reason: 'x'.repeat(501) }, ['actor', 'reason']],
    [
      { decision: 'link', ...who, ridendine_order_id: 'r'.repeat(513), payment_session_id: 'p'.repeat(4097) },
      ['ridendine_order_id', 'payment_session_id'],
    ],
    [
      { decision: 'link', ...who, ridendine_order_id: 'r\u0000', payment_session_id: 'p\u0000' },
      ['ridendine_order_id', 'payment_session_id'],
    ],
  ])('%j lacks what it needs', (decision, faults) => {
    expect(faultsOfReviewDecision(decision)).toEqual(faults);
  });
});
