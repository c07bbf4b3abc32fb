import { describe, expect, it } from '@jest/globals';
import { isLikelyLink } from '../../src/domain/likely-link.ts';
import type { LinkIds } from '../../src/domain/order.ts';

const known = [
  { ridendine_order_id: 'rnd_98daedad5b37534f8fe27813', payment_session_id: 'ps_c5333cd4278375f52051cfc55cf43736' },
  { ridendine_order_id: 'rnd_8390566d6c3082f4ebfcf02c', payment_session_id: 'ps_7d71d91b1fe8d6802d5cc5446919e5bf' },
  { ridendine_order_id: 'rnd_1b7a4b6f0d3f9c5e2a8d6c40', payment_session_id: 'ps_0f3d2c1b5a69788796a5b4c3d2e1f001' },
  { ridendine_order_id: 'rnd_c0ffee00aa55bb66cc77dd88', payment_session_id: 'ps_9e8d7c6b5a493827160f1e2d3c4b5a69' },
  { ridendine_order_id: 'rnd_0a1b2c3d4e5f60718293a4b5', payment_session_id: 'ps_a5b4c3d2e1f00f1e2d3c4b5a69788796' },
];
const link = {
  ridendine_order_id: 'rnd_2f6f0c1be24a4b3f8f2d9a10',
  payment_session_id: 'ps_00112233445566778899aabbccddeeff',
};

describe('ids that a person types', () => {
  it('are likely if they look like those that RideNDine has given so far', () => {
    expect(isLikelyLink(link, known)).toBe(true);
  });

  it.each([
    ['swapped', { ridendine_order_id: link.payment_session_id, payment_session_id: link.ridendine_order_id }],
    ['without their beginning', { ...link, ridendine_order_id: link.ridendine_order_id.slice(4) }],
    ['cut off', { ...link, payment_session_id: 'ps_0011' }],
    ['two in one', { ...link, ridendine_order_id: `${link.ridendine_order_id}${link.ridendine_order_id.slice(4)}_1` }],
    ['an address', { ...link, ridendine_order_id: `https://ridendine.example/${link.ridendine_order_id}` }],
    ['our own id of the order', { ...link, ridendine_order_id: 'bdb8f1ce-6865-5e82-8453-e6f4952b2cfa' }],
    ['in capitals', { ...link, ridendine_order_id: link.ridendine_order_id.toUpperCase() }],
  ])('are not if they are %s', (_what, typed) => {
    expect(isLikelyLink(typed, known)).toBe(false);
  });

  it.each<[string, Partial<LinkIds>]>([
    ['both are swapped', { ridendine_order_id: link.payment_session_id, payment_session_id: link.ridendine_order_id }],
    ['the payment session stands in the place of the order', { ridendine_order_id: 'ps_0011223344556677' }],
    ['the order stands in the place of the payment session', { payment_session_id: 'rnd_0011223344556677' }],
  ])('are not, by the first order that is linked, if %s', (_what, wrong) => {
    expect(isLikelyLink({ ...link, ...wrong }, known.slice(0, 1))).toBe(false);
  });

  it.each([
    [
      { ridendine_order_id: '48213077', payment_session_id: '9f3c1a7be0d24c55' },
      { ridendine_order_id: '48f13a77', payment_session_id: '0a1b2c3d4e5f6071' },
    ],
    [
      { ridendine_order_id: '9', payment_session_id: '12345678' },
      { ridendine_order_id: '10000', payment_session_id: '88888888' },
    ],
  ])('are likely while few are known, if no beginning tells the kinds apart', (one, typed) => {
    expect(isLikelyLink(typed, [one])).toBe(true);
  });

  it.each([0, 1, 4])('are likely with no known beginning while no more than %i orders are linked', (count) => {
    const typed = { ridendine_order_id: '1', payment_session_id: 'anything' };

    expect(isLikelyLink(typed, known.slice(0, count))).toBe(true);
  });

  it.each<[string, Partial<LinkIds>]>([
    ['the order id is the payment session', { ridendine_order_id: '5003' }],
    ['the payment session is the order id', { payment_session_id: '1003' }],
  ])('are not if %s of another order, however alike both kinds look and few are known', (_what, wrong) => {
    const numbers = [{ ridendine_order_id: '1003', payment_session_id: '5003' }];
    const typed = { ridendine_order_id: '1004', payment_session_id: '5004' };

    expect(isLikelyLink(typed, numbers)).toBe(true);
    expect(isLikelyLink({ ...typed, ...wrong }, numbers)).toBe(false);
  });

  it('may be a digit longer, as numbers grow', () => {
    const numbers = [5, 6, 7, 8, 9].map((digit) => ({
      ridendine_order_id: `999${digit}`,
      payment_session_id: `p-${digit}`,
    }));

    expect(isLikelyLink({ ridendine_order_id: '10000', payment_session_id: 'p-2' }, numbers)).toBe(true);
  });
});
