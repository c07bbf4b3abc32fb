import { describe, expect, it } from '@jest/globals';
import { parseRetryAfterMs } from '../../src/integrations/retry-after.ts';

const NOW = new Date('2030-05-01T12:00:00.000Z');

describe('a Retry-After header', () => {
  it.each<[string, number]>([
    ['0', 1],
    ['2', 2000],
    ['  120 ', 120_000],
    ['Wed, 01 May 2030 12:00:30 GMT', 30_000],
    ['Wednesday, 01-May-30 12:01:00 GMT', 60_000],
    ['Wed, 01 May 2030 11:59:00 GMT', 1],
  ])('of %j means a pause', (header, pauseMs) => {
    expect(parseRetryAfterMs(header, NOW)).toBe(pauseMs);
  });

  it.each([null, '', ' ', 'soon', '-5', '1.5', '1e3', '2s', '0x10', '2030-05-01'])('of %j says nothing', (header) => {
    expect(parseRetryAfterMs(header, NOW)).toBeUndefined();
  });

  it.each(['86401', '99999999999999999999', '9'.repeat(400), 'Wed, 01 May 9999 12:00:00 GMT'])(
    'of %.30s means a day: no duration that Temporal refuses',
    (header) => {
      expect(parseRetryAfterMs(header, NOW)).toBe(86_400_000);
    },
  );
});
