import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from '@jest/globals';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';

function logged(level: string, write: (logger: ReturnType<typeof createWorkerLogger>) => void) {
  let text = '';
  write(createWorkerLogger(level, { write: (line) => (text += line) }));
  return text === ''
    ? []
    : text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a line of the worker', () => {
  it("has the SDK's ids under our names, and numbers as numbers", () => {
    const metadata = { workflowId: 'w', runId: 'r', activityType: 'saveLinkIds', attempt: 3, durationMs: 12 };

    expect(logged('info', (logger) => logger.info('done', metadata))).toMatchObject([
      {
        level: 'info',
        name: 'worker',
        msg: 'done',
        workflow_id: 'w',
        run_id: 'r',
        activity: 'saveLinkIds',
        attempt: 3,
        ms: 12,
      },
    ]);
  });

  it('keeps nothing that it does not know: arguments, results, headers', () => {
    const [line] = logged('info', (logger) => logger.info('done', { args: ['Canary'], result: 'Canary', headers: {} }));

    expect(Object.keys(line ?? {}).toSorted()).toEqual(['hostname', 'level', 'msg', 'name', 'pid', 'time']);
  });

  it('has of an error its type and its reason, not its cause, details or stack', () => {
    const error = ApplicationFailure.create({
      type: 'RideNDineRejected',
      message: 'RideNDine refused the order (422).\n\nWhat you can do: call them.',
      details: [{ reason: 'RideNDine refused the order (422).', partner_text: 'Canary' }],
      cause: new Error('Canary'),
    });
    const [line] = logged('info', (logger) => logger.warn('it failed', { error }));

    expect(line).toMatchObject({ code: 'RideNDineRejected', reason: 'RideNDine refused the order (422).' });
    expect(JSON.stringify(line)).not.toMatch(/Canary|worker-logger\.test/);
  });

  it.each(['Activity failed', 'Workflow failed'])('repeats at no usual level what we say ourselves: %s', (message) => {
    const write = (logger: ReturnType<typeof createWorkerLogger>) =>
      logger.warn(message, { sdkComponent: 'worker', error: new Error('a reason') });

    expect(logged('info', write)).toEqual([]);
    expect(logged('debug', write)).toMatchObject([{ level: 'debug', msg: message, reason: 'a reason' }]);
  });

  it('does not warn of the worker that has no workflows by design', () => {
    const message = 'No workflows registered, not polling for workflow tasks';
    const write = (logger: ReturnType<typeof createWorkerLogger>) => logger.warn(message, { sdkComponent: 'worker' });

    expect(logged('info', write)).toEqual([]);
    expect(logged('debug', write)).toMatchObject([{ level: 'debug', msg: message }]);
  });
});
