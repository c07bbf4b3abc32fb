import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { currentVersion, historyFile } from './recorded-histories.ts';
import { replayDataConverter } from './replay-encryption.ts';
import { runScenario } from './run-scenario.ts';
import type { ScenarioRunner } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';
import type { ReplayScenario } from './scenarios.ts';
import { withoutStacks } from './without-stacks.ts';

/**
 * `npm run replay:record`: runs every scenario that has no history yet for this version, on a real Temporal server, and
 * writes its history. A history is never overwritten: it stands for runs that are still open in production.
 */
const version = currentVersion();
const missing = scenarios.filter(({ name }) => !existsSync(historyFile(version, name)));
if (missing.length === 0) {
  process.stdout.write(
    `Version ${version} has a history of every scenario, and none is overwritten. ` +
      'If a change breaks their replay, make it compatible (patched), or raise the version of package.json.\n',
  );
} else {
  await record(missing);
}

async function record(wanted: ReplayScenario[]): Promise<void> {
  // A fixed name, so that the histories do not name the process and the machine that recorded them.
  const identity = 'recorder';
  Runtime.install({ logger: createWorkerLogger('error') });
  const server = await startEmbeddedTemporal();
  const { address, namespace } = server.settings;
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  try {
    const dataConverter = replayDataConverter;
    const runner: ScenarioRunner = {
      client: new Client({ connection, namespace, identity, dataConverter }),
      connection: nativeConnection,
      dataConverter,
      workflowBundle: await bundleWorkflows(dataConverter),
      identity,
    };
    for (const scenario of wanted) {
      const handle = await runScenario(runner, scenario);
      const history = await withoutStacks(historyToJSON(await handle.fetchHistory()));
      const file = historyFile(version, scenario.name);
      mkdirSync(new URL('.', file), { recursive: true });
      writeFileSync(file, `${history}\n`, { flag: 'wx' });
      process.stdout.write(`${version}/${scenario.name}\n`);
    }
  } finally {
    await connection.close();
    await nativeConnection.close();
    await server.stop();
  }
}
