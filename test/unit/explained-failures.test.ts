import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { withAttempts, withExplainedFailures } from '../../src/activities/explained-failures.ts';

type AttemptInfo = NonNullable<ConstructorParameters<typeof MockActivityEnvironment>[0]>;

const HALF_AN_HOUR_MS = 30 * 60_000;

/** The message that a person reads when a step fails because Directus cannot be reached. */
async function messageOf(info: AttemptInfo): Promise<string> {
  const step = withExplainedFailures(async (): Promise<string> => {
    throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
  });
  const environment = new MockActivityEnvironment(
    { attempt: 20, ...info },
    { logger: new DefaultLogger('ERROR', () => {}) },
  );
  return await environment.run<[], string, typeof step>(step).catch((error: unknown) => (error as Error).message);
}

function scheduledBefore(elapsedMs: number): AttemptInfo {
  return {
    scheduledTimestampMs: Date.now() - elapsedMs,
    currentAttemptScheduledTimestampMs: Date.now(),
    scheduleToCloseTimeoutMs: HALF_AN_HOUR_MS,
    retryPolicy: { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
  };
}

describe('what a failed step tells of the next attempt', () => {
  it('is when, and until when, as long as there is time for one', async () => {
    await expect(messageOf(scheduledBefore(60_000))).resolves.toMatch(
      /It is tried again by itself in 30 seconds, .* until \d{4}-\d\d-\d\d \d\d:\d\d UTC at the latest\./,
    );
  });

  it('is that there is none, if it would begin when the time of all attempts is over', async () => {
    await expect(messageOf(scheduledBefore(HALF_AN_HOUR_MS - 20_000))).resolves.toContain(
      'It is not tried again by itself.\n\nWhat you can do: The Current Details of the workflow',
    );
  });

  it('is that a step goes on as an activity after a local attempt', async () => {
    const message = await messageOf({ attempt: 1, isLocal: true, retryPolicy: { maximumAttempts: 1 } });

    expect(message).toContain('It is tried again at once, as a pending activity.');
    expect(message).not.toContain('It is not tried again');
  });

  it('is that there is none after the last of a number of attempts', async () => {
    await expect(messageOf({ attempt: 1, retryPolicy: { maximumAttempts: 1 } })).resolves.toContain(
      'It is not tried again by itself.',
    );
  });
});

describe('how often a step was tried', () => {
  it.each([
    [1, {}],
    [3, { attempts: 3 }],
  ])('is told with its output and with its failure: %d', async (attempt, told) => {
    const environment = () =>
      new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR', () => {}) });
    const step = withExplainedFailures(withAttempts(async (kind: string) => ({ kind })));
    const failing = withExplainedFailures(async () => {
      throw ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'Directus cannot be reached.' });
    });

    await expect(environment().run(step, 'new')).resolves.toEqual({ kind: 'new', ...told });
    await expect(environment().run(failing)).rejects.toMatchObject({
      details: [{ reason: 'Directus cannot be reached.', ...told }],
    });
  });
});

/** Runs a step that fails with `cause`. @returns the failure that leaves the step, and the one log line about it. */
async function attemptFailingWith(cause: unknown) {
  const lines: Record<string, unknown>[] = [];
  const logger = new DefaultLogger('INFO', ({ level, message, meta }) => void lines.push({ level, message, ...meta }));
  const step = withExplainedFailures(async (): Promise<string> => {
    throw cause;
  });
  const running = new MockActivityEnvironment(scheduledBefore(60_000), { logger }).run<[], string, typeof step>(step);
  const failure: unknown = await running.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  const [line, ...others] = lines.filter(({ sdkComponent }) => sdkComponent === 'activity');
  expect(others).toEqual([]);
  return { failure: failure as ApplicationFailure, line: line ?? {} };
}

async function lineOf(error: unknown): Promise<Record<string, unknown>> {
  return (await attemptFailingWith(error)).line;
}

describe('the line of a failed attempt', () => {
  it.each([
    ['QuoteExpired', 'INFO'],
    ['RideNDineRejected', 'INFO'],
    ['DirectusUnavailable', 'WARN'],
    ['RideNDineRateLimited', 'WARN'],
    ['LinkConflict', 'WARN'],
    ['TemporalUnavailable', 'WARN'],
    ['RideNDineUnauthorized', 'ERROR'],
    ['RideNDineContractBroken', 'ERROR'],
    ['DirectusRejected', 'ERROR'],
  ])('is, with %s, of the level %s', async (type, level) => {
    const failure = ApplicationFailure.create({ type, message: 'A reason.', details: [{ partner_text: 'Canary' }] });
    const line = await lineOf(failure);

    expect(line).toMatchObject({
      level,
      message: 'attempt failed',
      code: type,
      reason: 'A reason.',
      tried_again: true,
    });
    expect(JSON.stringify(line)).not.toContain('Canary');
  });

  it('is an error where nothing comes of it before somebody has mended something', async () => {
    const details = [{ to_be_mended: 'orders.order_no' }];
    const { failure, line } = await attemptFailingWith(
      ApplicationFailure.create({ type: 'DirectusUnavailable', message: 'A reason.', details }),
    );

    expect(line).toMatchObject({ level: 'ERROR', code: 'DirectusUnavailable', tried_again: true });
    expect(failure.details).toEqual([{ to_be_mended: 'orders.order_no', reason: 'A reason.' }]);
    expect(failure.message).toContain('What you can do: Call whoever runs Directus: it refuses to store a change');
  });

  it('tells of an error that nobody expected its name and place, and nothing that stands in it', async () => {
    const line = await lineOf(new TypeError('Canary is not a function'));

    expect(line).toMatchObject({ level: 'ERROR', code: 'UnexpectedError' });
    expect(line['reason']).toMatch(/TypeError at .*explained-failures\.test/);
    expect(JSON.stringify(line)).not.toContain('Canary');
  });

  it('is not there of an attempt that was cancelled', async () => {
    await expect(lineOf(new CancelledFailure('cancelled'))).resolves.toEqual({});
  });
});
