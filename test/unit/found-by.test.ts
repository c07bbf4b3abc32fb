import { describe, expect, it } from '@jest/globals';
import { foundBy } from '../../src/domain/found-by.ts';

const customer = { id: '1', name: 'Customer One', phone: '+1 (555) 010-0123', email: 'one@example.com' };

describe('by what an order is found', () => {
  it('is who ordered, with the phone as written and as digits alone, and where to', () => {
    const shipping = { address: '100 Example Street', city: 'Exampleville', postal_code: '00100', lat: 1 };

    expect(foundBy(customer, shipping).split('\n')).toEqual([
      'Customer One',
      '+1 (555) 010-0123',
      '15550100123',
      'one@example.com',
      '100 Example Street',
      '00100 Exampleville',
    ]);
  });

  it.each([undefined, null, 'a text', { address: 7, city: '' }])('leaves out what is no text: %j', (shipping) => {
    expect(foundBy(customer, shipping).split('\n')).toHaveLength(4);
  });
});
