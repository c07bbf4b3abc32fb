import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/observability/worker-logger.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import { createScenario } from '../support/scripted-activities.ts';
import { currentVersion, historyFile } from './recorded-histories.ts';
import { scenarios } from './scenarios.ts';
import type { ReplayScenario } from './scenarios.ts';

/**
 * `npm run replay:record`: runs every scenario that has no history yet under this version, on a real Temporal server,
 * and writes its history. One that is there is never written again: it stands for runs that are under way somewhere.
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
  // Instead of the names of a process and its machine.
  const identity = 'recorder';
  Runtime.install({ logger: createWorkerLogger('error') });
  const server = await startEmbeddedTemporal();
  const { address, namespace } = server.settings;
  const [connection, nativeConnection] = [
    await Connection.connect({ address }),
    await NativeConnection.connect({ address }),
  ];
  try {
    const client = new Client({ connection, namespace, identity });
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
      logger: createWorkerLogger('error'),
    });
    for (const scenario of wanted) {
      const taskQueue = scenario.name;
      const { activities, start } = prepare(scenario);
      const worker = await Worker.create({
        connection: nativeConnection,
        namespace,
        identity,
        taskQueue,
        workflowBundle,
        activities,
      });
      const history = await worker.runUntil(async () => {
        const handle = await client.workflow.start(start.workflow, { ...start, taskQueue });
        await scenario.drive?.(handle);
        await closed(handle);
        return await handle.fetchHistory();
      });
      const file = historyFile(version, scenario.name);
      mkdirSync(new URL('.', file), { recursive: true });
      writeFileSync(file, `${withoutStacks(historyToJSON(history))}\n`, { flag: 'wx' });
      process.stdout.write(`${version}/${scenario.name}\n`);
    }
  } finally {
    await connection.close();
    await nativeConnection.close();
    await server.stop();
  }
}

function prepare({ options, change, input, workflow = 'orderCreation' }: ReplayScenario) {
  const key = randomUUID();
  const request = {
    customer_id: randomUUID(),
    quote_id: `quote-${key}`,
    fulfillment_method: 'PICKUP',
    idempotency_key: key,
  } as const;
  const scenario = createScenario({ request, nowMs: Date.now(), ...options });
  const workflowId = workflow === 'orderCreation' ? `order-creation-${key}` : workflow;
  return {
    activities: { ...scenario.activities, ...change?.(scenario.activities, scenario) },
    start: { workflow, workflowId, args: [input?.(key) ?? request] },
  };
}

/** Stacks tell where the files of whoever recorded lie; a replay does not look at them. */
function withoutStacks(history: string): string {
  const told: unknown = JSON.parse(history, (name, value: unknown) => (name === 'stackTrace' ? '' : value));
  return JSON.stringify(told, undefined, 2);
}

/** However it closes: that is what the scenario is about. */
async function closed(handle: WorkflowHandle): Promise<void> {
  await handle.result().catch(() => {});
}
