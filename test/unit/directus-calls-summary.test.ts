import { expect, it } from '@jest/globals';
import { directusCalls, directusVariants, nameOf } from '../../bench/directus-call-names.ts';
import { directusCallsResult } from '../../bench/directus-calls-summary.ts';

const msOf = { 'quote and order': 6, quote: 4, write: 15, link: 10 };

it('adds the calls of an order up, and takes the look for an earlier one off, within each round', () => {
  const samples = directusVariants.flatMap((variant, nth) =>
    [1, 2].flatMap((round) =>
      directusCalls.map((call) => ({
        variant: nameOf(variant, call),
        round,
        partnerMs: null,
        parallel: 1,
        // The second round is twice as slow, and each variant 100 ms slower than the one before.
        latenciesMs: [round * msOf[call] + 100 * nth],
        elapsedMs: 1000,
        cpuMs: { directus: round, postgres: 1 },
        busiestThreadCpuMs: {},
        memoryBytes: {},
      })),
    ),
  );

  const { orders, look } = directusCallsResult(samples);

  expect(orders['as it is']).toEqual({
    ms: { value: 46.5, lowest: 31, highest: 62 },
    cpuMs: { value: 4.5, lowest: 3, highest: 6 },
  });
  expect(orders['new connections']?.ms).toEqual({ value: 646.5, lowest: 631, highest: 662 });
  expect(look.ms).toEqual({ value: 3, lowest: 2, highest: 4 });
});
