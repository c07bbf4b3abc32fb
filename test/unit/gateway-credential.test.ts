import { describe, expect, it } from '@jest/globals';
import { createCredentialCheck } from '../../src/gateway/credential.ts';

describe("the gateway's credential check", () => {
  const callerOf = createCredentialCheck([
    { caller: 'checkout-web', key: 'first-key-0123456789' },
    { caller: 'checkout-app', key: 'second-key-0123456789' },
  ]);

  it.each([
    ['Bearer first-key-0123456789', 'checkout-web'],
    ['Bearer second-key-0123456789', 'checkout-app'],
    ['bearer first-key-0123456789', 'checkout-web'],
  ])('knows %s as the key of %s', (header, caller) => {
    expect(callerOf(header)).toBe(caller);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer first-key-012345678',
    'Bearer first-key-01234567890',
    'Bearer first-key-0123456789,second-key-0123456789',
    'Bearer FIRST-KEY-0123456789',
    'Basic first-key-0123456789',
    'Bearer checkout-web:first-key-0123456789',
    'first-key-0123456789',
    'x Bearer first-key-0123456789',
  ])('does not know %j', (header) => {
    expect(callerOf(header)).toBeUndefined();
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer x'])('without any key knows nobody, not even %j', (header) => {
    expect(createCredentialCheck([])(header)).toBeUndefined();
  });
});
