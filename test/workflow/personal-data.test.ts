import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { runScenario } from '../replay/run-scenario.ts';
import type { ScenarioRunner } from '../replay/run-scenario.ts';
import { scenarios } from '../replay/scenarios.ts';
import type { ReplayScenario } from '../replay/scenarios.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { personalData, personalDataIn } from '../support/personal-data.ts';
import { testDataConverter } from '../support/test-encryption.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

/** How many scenarios run at the same time: while one waits, others use the machine. */
const AT_ONCE = 6;

let temporal: EmbeddedTemporal;
let connection: Connection;
let nativeConnection: NativeConnection;
let workerLog = '';
beforeAll(async () => {
  const logger = createWorkerLogger('debug', { write: (line) => (workerLog += line) });
  Runtime.install({ logger, telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } } });
  temporal = await startEmbeddedTemporal();
  connection = await Connection.connect({ address: temporal.settings.address });
  nativeConnection = await NativeConnection.connect({ address: temporal.settings.address });
}, 360_000);
afterAll(async () => {
  await nativeConnection?.close();
  await connection?.close();
  await temporal?.stop();
});

describe('with encryption', () => {
  let found: Map<string, string[]>;
  let stored: string[];
  beforeAll(async () => {
    found = await leaksOf(scenarios, testDataConverter);
    stored = personalDataIn(await databaseFiles());
  }, 240_000);

  it.each(scenarios.map(({ name }) => name))(
    'no personal data stands in the history, the visibility record or the pending steps of %s',
    (name) => {
      expect(found.get(name)).toEqual([]);
    },
  );

  it('none stands anywhere in the files of the Temporal server', () => {
    expect(stored).toEqual([]);
  });

  it('none stands in the log of the worker', () => {
    expect(workerLog).toContain('Workflow completed');
    expect(personalDataIn(workerLog)).toEqual([]);
  });
});

describe('without encryption', () => {
  const some = scenarios.filter(({ name }) => ['good-path', 'review-link', 'cancelled-by-support'].includes(name));
  let found: Map<string, string[]>;
  let stored: string[];
  beforeAll(async () => {
    found = await leaksOf(some, {});
    stored = personalDataIn(await databaseFiles());
  }, 240_000);

  it('the same look finds them all', () => {
    expect(found.get('good-path')?.toSorted()).toEqual(['address', 'email', 'name', 'note', 'phone']);
    expect(found.get('review-link')?.toSorted()).toEqual(Object.keys(personalData).toSorted());
    expect(found.get('cancelled-by-support')).toContain('supportReason');
    expect(stored.toSorted()).toEqual(Object.keys(personalData).toSorted());
  });

  it('none stands in the log of the worker even then', () => {
    expect(personalDataIn(workerLog)).toEqual([]);
  });
});

/** @returns the kinds of personal data that were found in each scenario, while it ran and after its end. */
async function leaksOf(wanted: ReplayScenario[], dataConverter: DataConverter): Promise<Map<string, string[]>> {
  const runner: ScenarioRunner = {
    client: new Client({ connection, dataConverter }),
    connection: nativeConnection,
    dataConverter,
    workflowBundle: await bundleWorkflows(dataConverter),
  };
  const found = new Map<string, string[]>();
  const waiting = [...wanted];
  const work = async () => {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
      found.set(scenario.name, await leaksOfOne(runner, scenario));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function leaksOfOne(runner: ScenarioRunner, scenario: ReplayScenario): Promise<string[]> {
  const found = new Set<string>();
  const handle = await runScenario(runner, scenario, (open) =>
    pWaitFor(
      async () => {
        const described = await describeRaw(open);
        for (const kind of personalDataIn(described)) found.add(kind);
        return Boolean(described.workflowExecutionInfo?.closeTime);
      },
      { interval: 20, timeout: 60_000 },
    ),
  );
  for (const kind of personalDataIn(await rawHistoryOf(handle))) found.add(kind);
  for (const kind of personalDataIn(await visibilityRecordOf(handle))) found.add(kind);
  return [...found];
}

function describeRaw({ workflowId }: WorkflowHandle) {
  return connection.workflowService.describeWorkflowExecution({ namespace: 'default', execution: { workflowId } });
}

async function rawHistoryOf({ workflowId }: WorkflowHandle) {
  const { history, nextPageToken } = await connection.workflowService.getWorkflowExecutionHistory({
    namespace: 'default',
    execution: { workflowId },
    maximumPageSize: 1000,
  });
  expect(nextPageToken).toHaveLength(0);
  return history;
}

async function visibilityRecordOf({ workflowId }: WorkflowHandle) {
  const { executions } = await connection.workflowService.listWorkflowExecutions({
    namespace: 'default',
    query: `WorkflowId = "${workflowId}"`,
  });
  return executions;
}

async function databaseFiles(): Promise<Buffer[]> {
  const names = await readdir(temporal.dataDir);
  // The database and the write-ahead log beside it.
  const databases = names.filter((name) => name.startsWith('temporal-'));
  expect(databases).toContainEqual(expect.stringMatching(/\.db$/));
  return await Promise.all(databases.map((name) => readFile(join(temporal.dataDir, name))));
}
