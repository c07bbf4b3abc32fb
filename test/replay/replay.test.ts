import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Runtime, Worker } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { failures } from '../../src/domain/failures.ts';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { currentVersion, recordedHistories } from './recorded-histories.ts';
import { replayDataConverter as dataConverter } from './replay-encryption.ts';
import { scenarios } from './scenarios.ts';

const recorded = recordedHistories();

let workflowBundle: WorkflowBundleWithSourceMap;
let changedBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  // Quiet, since the tests of an incompatible change would fill the output with errors that they expect.
  Runtime.install({ logger: createWorkerLogger('error'), telemetryOptions: { logging: { filter: 'OFF' } } });
  workflowBundle = await bundleWorkflows(dataConverter);
  changedBundle = await bundleWorkflows(dataConverter, {
    workflowsPath: fileURLToPath(new URL('incompatible-workflows.ts', import.meta.url)),
  });
}, 240_000);

describe('a history that was recorded', () => {
  it.each(recorded.map(({ version, scenario, history }) => [version, scenario, history]))(
    'by version %s is replayed by the workflow as it is now: %s',
    async (_version, scenario, history) => {
      const replayed = Worker.runReplayHistory({ workflowBundle, dataConverter }, history, String(scenario));

      await expect(replayed).resolves.toBeUndefined();
    },
  );

  it('is there for every scenario of this version', () => {
    const names = recorded.filter(({ version }) => version === currentVersion()).map(({ scenario }) => scenario);

    expect(names.toSorted()).toEqual(scenarios.map(({ name }) => name).toSorted());
  });

  it.each(Object.keys(failures))('is there of a run that met %s', (code) => {
    expect(recorded.filter(({ history }) => JSON.stringify(history).includes(`"${code}"`))).not.toEqual([]);
  });
});

describe('an incompatible change of the workflow', () => {
  it.each(['good-path', 'review-link', 'order-sweep'])('is caught by the history %s', async (scenario) => {
    const history = recorded.find((candidate) => candidate.scenario === scenario)?.history;

    await expect(
      Worker.runReplayHistory({ workflowBundle: changedBundle, dataConverter }, history, scenario),
    ).rejects.toThrow(DeterminismViolationError);
  });
});
