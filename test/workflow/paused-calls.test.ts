import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { PartnerPause } from '../../src/domain/partner-pause.ts';
import { newPickupRequest } from '../support/builders.ts';
import { createScenario } from '../support/scripted-activities.ts';
import type { Scenario, ScenarioOptions } from '../support/scripted-activities.ts';
import { noAnswer } from '../support/started-orders.ts';
import { startTimeSkippingTemporal } from '../support/time-skipping-temporal.ts';
import type { TimeSkippingTemporal } from '../support/time-skipping-temporal.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const pause: PartnerPause = { since: '2026-01-31T12:00:00.000Z', by: { actor: 'agent-7', reason: 'Maintenance' } };

let temporal: TimeSkippingTemporal;
beforeAll(async () => {
  temporal = await startTimeSkippingTemporal();
}, 360_000);
afterAll(() => temporal.stop());

/** An order whose calls to RideNDine are paused while `isPaused` returns true. */
async function pausedOrder(options: Partial<ScenarioOptions> & { isPaused: (scenario: Scenario) => boolean }) {
  const scenario: Scenario = createScenario({
    request: newPickupRequest(),
    nowMs: await temporal.environment.currentTimeMs(),
    pause: () => (options.isPaused(scenario) ? pause : null),
    ...options,
  });
  return scenario;
}

describe('an order that is to be sent while calls to RideNDine are paused', () => {
  it('says so, waits, and is sent once within half a minute after they are resumed', async () => {
    let isPaused = true;
    const scenario = await pausedOrder({ isPaused: () => isPaused });

    const { waiting, result } = await temporal.run(scenario, async (handle) => {
      await untilTold(handle, 'are paused');
      const sent = scenario.sent.length;
      await temporal.environment.sleep(30 * MINUTE_MS);
      const later = scenario.sent.length;
      isPaused = false;
      const resumedMs = await temporal.environment.currentTimeMs();
      const linked = await handle.result();
      const tookMs = ((await handle.describe()).closeTime?.getTime() ?? 0) - resumedMs;
      return { waiting: { sent, later, tookMs }, result: linked };
    });

    expect(result).toMatchObject(scenario.link);
    expect(waiting).toEqual({ sent: 0, later: 0, tookMs: expect.any(Number) });
    expect(waiting.tookMs).toBeLessThan(31_000);
    expect(scenario.sent).toHaveLength(1);
    expect(scenario.marks).toEqual([]);
  });

  it('tells support staff who paused them, why, and what comes next', async () => {
    const scenario = await pausedOrder({ isPaused: () => true });

    const details = await temporal.run(scenario, async (handle) => {
      const told = await untilTold(handle, 'are paused');
      await handle.terminate();
      return told;
    });

    expect(details).toContain('### The order waits: calls to RideNDine are paused');
    expect(details).toContain('since 2026-01-31 12:00 UTC, by `agent-7`: `Maintenance`.');
    expect(details).toContain('The order is sent once they are resumed.');
  });

  it('fails, as never sent, once its quote has run out', async () => {
    const scenario = await pausedOrder({ isPaused: () => true, quoteExpiresInMs: HOUR_MS });

    const failure = await temporal.run(scenario, (handle) => failureOf(handle.result()));

    expect(failure).toMatchObject({ type: 'QuoteExpired' });
    expect(scenario.sent).toEqual([]);
    expect(scenario.marks).toMatchObject([
      { status: 'FAILED', failure_reason: 'The quote ran out before the order could be sent to RideNDine.' },
    ]);
  });

  it('comes to review once the key is too old, if a call before the pause may have arrived', async () => {
    const scenario = await pausedOrder({ isPaused: ({ sent }) => sent.length > 0, ridendine: [noAnswer] });

    await temporal.run(scenario, async (handle) => {
      await until(() => scenario.marks.length > 0);
      await handle.terminate();
    });

    expect(scenario.sent).toHaveLength(1);
    expect(scenario.marks).toMatchObject([{ status: 'NEEDS_REVIEW', failure_code: 'RideNDineUnavailable' }]);
  });

  it('is sent with the same key after the pause, if a call before it may have arrived', async () => {
    let attempts = 0;
    const scenario = await pausedOrder({
      isPaused: ({ sent }) => sent.length === 1 && (attempts += 1) < 5,
      ridendine: [noAnswer, undefined],
      // The quote expires during the pause. That does not matter, since an earlier call may have arrived.
      quoteExpiresInMs: 1000,
    });

    const result = await temporal.run(scenario, (handle) => handle.result());

    expect(result).toMatchObject(scenario.link);
    expect(scenario.sent).toHaveLength(2);
    expect(new Set(scenario.sent).size).toBe(1);
  });

  it('comes back to review, not sent, if support staff have asked for a call after the life of its key', async () => {
    const scenario = await pausedOrder({
      isPaused: ({ sent }) => sent.length > 0,
      ridendine: [noAnswer],
      keyLivesMs: 500,
    });

    await temporal.run(scenario, async (handle) => {
      await until(() => scenario.marks.length === 1);
      await handle.executeUpdate('resolveReview', {
        args: [{ decision: 'retry', actor: 'agent-7', reason: 'Ticket 1' }],
      });
      // The second mark ends the review, and the third opens it again.
      await until(() => scenario.marks.length === 3);
      await handle.terminate();
    });

    expect(scenario.sent).toHaveLength(1);
    expect(scenario.marks.at(-1)).toMatchObject({
      status: 'NEEDS_REVIEW',
      failure_reason: expect.stringContaining('Calls to RideNDine have been paused'),
    });
  });
});

/** Lets the server's time pass until the condition holds. */
async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await temporal.environment.sleep(MINUTE_MS);
}

/** Resolves with the Current Details once they contain `text`. */
async function untilTold(handle: WorkflowHandle, text: string): Promise<string> {
  let told = '';
  await until(async () => {
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    told = currentDetails ?? '';
    return told.includes(text);
  });
  return told;
}

async function failureOf(result: Promise<unknown>): Promise<unknown> {
  const error = await result.then(
    () => new Error('The run completed.'),
    (reason: unknown) => reason,
  );
  return error instanceof WorkflowFailedError ? error.cause : error;
}
