import { describe, expect, it } from '@jest/globals';
import { allowedOutcomes } from './allowed-outcomes.ts';
import { faultNames, isRefusal } from './partner-faults.ts';
import type { FaultName } from './partner-faults.ts';
import { seededRandom } from './seeded-random.ts';
import { planStorm } from './storm-plan.ts';

const plan = (seed: number) => planStorm(seededRandom(seed, 'storm'), { orders: 200 });

describe('the plan of a storm', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it('has every kind of fault, and two crashes of each kind', () => {
    const { orders, crashes } = plan(3);

    expect(new Set(orders.flatMap(({ faults }) => faults))).toEqual(new Set(faultNames));
    expect(crashes.map(({ kind }) => kind).toSorted()).toEqual([
      'directus',
      'directus',
      'gateway',
      'gateway',
      'temporal',
      'temporal',
      'worker',
      'worker',
    ]);
  });

  it('sends every order, many of them more than once', () => {
    const { orders, requests } = plan(4);

    expect(new Set(requests)).toEqual(new Set(orders));
    expect(requests.length).toBeGreaterThan(orders.length * 1.4);
  });

  it('gives every order a key, a quote and a customer of its own', () => {
    const { orders } = plan(5);

    const own = orders.flatMap(({ key, checkout }) => [key, checkout.quote_id, checkout.customer_id]);
    expect(new Set(own).size).toBe(3 * orders.length);
  });

  it('has nothing come after a refusal, since the customer gets that for an answer', () => {
    const { orders } = plan(6);

    const refused = orders.filter(({ faults }) => faults.some(isRefusal));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ faults }) => faults.findIndex(isRefusal) === faults.length - 1)).toBe(true);
  });
});

describe('the outcome of an order', () => {
  it.each<[string, FaultName[], string[]]>([
    ['that meets no fault', [], ['LINKED']],
    ['that meets faults which pass', ['status 500', 'status 429 with Retry-After'], ['LINKED']],
    ['that is refused at once', ['status 422'], ['FAILED', 'LINKED']],
    ['that never got there and is refused', ['status 401', 'status 422'], ['FAILED', 'LINKED']],
    ['that may be there and is refused', ['status 503 though stored', 'status 422'], ['LINKED']],
  ])('%s is one that the faults allow', (_what, faults, outcomes) => {
    expect(allowedOutcomes({ faults, isRefusedForGood: false })).toEqual(outcomes);
  });

  it('that is refused for good is FAILED', () => {
    expect(allowedOutcomes({ faults: [], isRefusedForGood: true })).toEqual(['FAILED']);
  });
});
