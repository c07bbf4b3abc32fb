import { describe, expect, it } from '@jest/globals';
import { failures } from '../../src/domain/failures.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import { whatToDo } from '../../src/integrations/directus/schema/what-to-do.ts';

type Order = Record<string, string | null>;
type Rule = Record<string, Record<string, unknown>>;

/** The text on the page of an order. Data Studio uses the options of the last condition whose rule the order meets. */
function textFor(order: Order): string {
  const { conditions = [], options } = whatToDo.meta;
  const kept = conditions.filter(({ rule: { _and: parts } }) => (parts as Rule[]).every((part) => keeps(order, part)));
  return String((kept.at(-1)?.options ?? options)?.['text']);
}

function keeps(order: Order, rule: Rule): boolean {
  return Object.entries(rule).every(([field, condition]) =>
    Object.entries(condition).every(([operator, value]) => {
      if (operator === '_eq') return order[field] === value;
      if (operator === '_null') return order[field] === null;
      if (operator === '_nnull') return order[field] !== null;
      throw new Error(`The test does not know ${operator}.`);
    }),
  );
}

const codes = Object.keys(failures) as FailureCode[];
const order = (fields: Order): Order => ({ failure_code: null, ridendine_order_id: null, ...fields });

describe('what can be done about an order, on its page in Directus', () => {
  it('tells waiting for RideNDine from waiting for the customer', () => {
    expect(textFor(order({ status: 'PENDING_PAYMENT' }))).toContain('RideNDine is being asked');
    expect(textFor(order({ status: 'PENDING_PAYMENT', ridendine_order_id: 'rnd_1' }))).toContain(
      'The customer can pay.',
    );
  });

  it.each(codes)('is the advice of the failure, once the order has failed with %s', (failure_code) => {
    expect(textFor(order({ status: 'FAILED', failure_code }))).toBe(failures[failure_code].advice.whenFailed);
  });

  it.each(codes)('is to decide, once the order is in review because of %s', (failure_code) => {
    const text = textFor(order({ status: 'NEEDS_REVIEW', failure_code }));

    expect(text).toContain('press Decide about orders');
    expect(text).toContain(failures[failure_code].advice.inReview ?? 'Ask RideNDine');
  });

  it.each(['FAILED', 'NEEDS_REVIEW'])('is told of an order that is %s for an unknown reason', (status) => {
    expect(textFor(order({ status, failure_code: 'SomethingOld' }))).not.toContain('later phase');
  });

  it('is left to a later phase that has the order', () => {
    expect(textFor(order({ status: 'CONFIRMED', ridendine_order_id: 'rnd_1' }))).toContain('later phase');
  });

  it('has rules of the form that Data Studio reads: one key each', () => {
    for (const { rule } of whatToDo.meta.conditions ?? []) expect(Object.keys(rule)).toEqual(['_and']);
  });
});
