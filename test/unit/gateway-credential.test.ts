import { describe, expect, it } from '@jest/globals';
import { createCredentialCheck } from '../../src/gateway/credential.ts';

describe("the gateway's credential check", () => {
  const isKnown = createCredentialCheck(['first-key-0123456789', 'second-key-0123456789']);

  it.each(['Bearer first-key-0123456789', 'Bearer second-key-0123456789', 'bearer first-key-0123456789'])(
    'knows %s',
    (header) => {
      expect(isKnown(header)).toBe(true);
    },
  );

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
    'first-key-0123456789',
    'x Bearer first-key-0123456789',
  ])('does not know %j', (header) => {
    expect(isKnown(header)).toBe(false);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer x'])('without any key knows nobody, not even %j', (header) => {
    expect(createCredentialCheck([])(header)).toBe(false);
  });
});
