import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from '@jest/globals';
import type { StoppedAttempts } from '../../src/activities/order-runs.ts';
import { stopPartnerAttemptsWith } from '../../src/activities/stop-partner-attempts.ts';

const note = { maybe_sent: false, attempt: 1, code: 'RideNDineRateLimited' };

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

describe('an attempt whose worker is gone', () => {
  it.each([
    [
      'that left a note of not sent',
      { nextAttempt: 2, isFirst: false, heartbeatDetails: note },
      'RideNDineRateLimited',
    ],
    ['that was the first', { nextAttempt: 1, isFirst: true }, null],
  ])('%s may have sent the order, and is not waited for', async (_what, stopped, code) => {
    const { known } = await stop({ ...stopped, isLost: true });

    expect(known).toEqual({ maybe_sent: true, code, is_lost: true });
  });
});

async function stop(stopped: StoppedAttempts) {
  const lines: string[] = [];
  const logger = new DefaultLogger('WARN', ({ level, message }) => lines.push(`${level} ${message}`));
  const step = stopPartnerAttemptsWith({ runs: { stopAttempts: async () => stopped } });
  const known = await new MockActivityEnvironment({}, { logger }).run(step);
  return { known, lines };
}
