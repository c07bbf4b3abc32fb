import { describe, expect, it } from '@jest/globals';
import { isLikelyLink } from '../../src/domain/likely-link.ts';

const known = [
  { ridendine_order_id: 'rnd_98daedad5b37534f8fe27813', payment_session_id: 'ps_c5333cd4278375f52051cfc55cf43736' },
  { ridendine_order_id: 'rnd_8390566d6c3082f4ebfcf02c', payment_session_id: 'ps_7d71d91b1fe8d6802d5cc5446919e5bf' },
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

  it('are likely while RideNDine has given none', () => {
    expect(isLikelyLink({ ridendine_order_id: '1', payment_session_id: 'anything' }, [])).toBe(true);
  });

  it('may be a digit longer, as numbers grow', () => {
    const numbers = [{ ridendine_order_id: '9999', payment_session_id: 'p-1' }];

    expect(isLikelyLink({ ridendine_order_id: '10000', payment_session_id: 'p-2' }, numbers)).toBe(true);
  });
});
