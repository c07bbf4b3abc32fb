import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from '@jest/globals';
import type { StoppedAttempts } from '../../src/activities/order-runs.ts';
import { stopPartnerAttemptsWith } from '../../src/activities/stop-partner-attempts.ts';

describe('attempts at RideNDine whose note cannot be decoded', () => {
  it('count as maybe sent, though no other attempt was ever begun, and the log says so', async () => {
    const { known, lines } = await stop({ nextAttempt: 1, isFirst: true, unreadable: true });

    expect(known).toEqual({ maybe_sent: true, code: null });
    expect(lines).toEqual([expect.stringMatching(/^WARN .*cannot be decoded/)]);
  });
});

describe('attempts of which none was ever begun', () => {
  it('are proven not to have sent anything, and there is nothing to tell the log', async () => {
    const { known, lines } = await stop({ nextAttempt: 1, isFirst: true });

    expect(known).toEqual({ maybe_sent: false, code: null });
    expect(lines).toEqual([]);
  });
});

async function stop(stopped: StoppedAttempts) {
  const lines: string[] = [];
  const logger = new DefaultLogger('WARN', ({ level, message }) => lines.push(`${level} ${message}`));
  const step = stopPartnerAttemptsWith({ runs: { stopAttempts: async () => stopped } });
  const known = await new MockActivityEnvironment({}, { logger }).run(step);
  return { known, lines };
}
