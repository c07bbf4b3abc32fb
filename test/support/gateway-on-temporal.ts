import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../../src/contract/runs.ts';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { baseEnvironment } from '../../stack/child-environment.ts';
import { freePort } from './free-port.ts';
import { programFile } from '../../stack/program-file.ts';
import type { Part, PartCommand } from '../../stack/supervisor.ts';
import { findTemporalCli } from '../../stack/temporal/find-cli.ts';
import { startTemporal } from '../../stack/temporal/start-temporal.ts';
import { waitUntilReady } from '../../stack/start-part.ts';
import { newCheckoutRequest } from './builders.ts';
import { createScenario } from './scripted-activities.ts';
import type { Scenario } from './scripted-activities.ts';
import { openSupervisedFolder } from './supervised-folder.ts';
import { testDataConverter, testEncryptionKeys } from './test-encryption.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

const NAMESPACE = 'default';
const GATEWAY_READY_TIMEOUT_MS = 30_000;

/** The gateway as a process of its own, a real Temporal server, and, if wanted, a worker with scripted steps. */
export interface GatewayOnTemporal {
  url: string;
  apiKey: string;
  /** The gateway's process. */
  gateway: Part;
  /** Records the calls of the steps. Every order has the same ids. */
  scenario: Scenario;
  /** `POST /v1/orders` with a valid API key, unless `headers` replace it. */
  post(key: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(key: string): Promise<Response>;
  gatewayLog(): Promise<string>;
  /** @returns a client that talks to Temporal directly, past the gateway. */
  connectTemporal(): Promise<Client>;
  startTemporal(): Promise<void>;
  /** Kills Temporal, as if its machine had failed. */
  killTemporal(): Promise<void>;
  startWorker(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param environment settings of the gateway.
 * @param steps replace scripted steps.
 */
export async function startGatewayOnTemporal(
  environment: Record<string, string> = {},
  steps: Partial<OrderCreationActivities> = {},
): Promise<GatewayOnTemporal> {
  const { dataDir, supervisor, stop } = await openSupervisedFolder('gateway-on-temporal');
  const [temporalPort, temporalUiPort, gatewayPort] = [await freePort(), await freePort(), await freePort()];
  const address = `127.0.0.1:${temporalPort}`;
  const url = `http://127.0.0.1:${gatewayPort}`;
  const apiKey = randomUUID();
  const scenario = createScenario({ request: newCheckoutRequest(), nowMs: Date.now(), override: steps });
  const cleanUps: (() => Promise<unknown>)[] = [stop];
  let temporal: Part | undefined;
  const spawn = (command: PartCommand) => {
    const part = supervisor.spawn(command);
    if (command.name === 'temporal') temporal = part;
    return part;
  };

  const gateway = supervisor.spawn({
    name: 'gateway',
    command: process.execPath,
    args: [programFile('src/gateway/main.ts')],
    env: {
      ...baseEnvironment(process.env),
      GATEWAY_API_KEYS: apiKey,
      ...environment,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      GATEWAY_PORT: String(gatewayPort),
      ENCRYPTION_KEYS: testEncryptionKeys,
    },
  });
  await waitUntilReady({
    name: 'The gateway',
    part: gateway,
    timeoutMs: GATEWAY_READY_TIMEOUT_MS,
    isReady: async () => (await fetch(`${url}/healthz`)).ok,
  });

  const authorization = `Bearer ${apiKey}`;
  return {
    url,
    apiKey,
    gateway,
    scenario,
    post: (key, body, headers = {}) =>
      fetch(`${url}/v1/orders`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (key) => fetch(`${url}/v1/orders/${key}`, { headers: { authorization } }),
    gatewayLog: () => readFile(gateway.logFile, 'utf8'),
    async connectTemporal() {
      const connection = await Connection.connect({ address });
      cleanUps.push(() => connection.close());
      return new Client({ connection, namespace: NAMESPACE, dataConverter: testDataConverter });
    },
    async startTemporal() {
      await startTemporal({
        cli: await findTemporalCli({ environment: process.env, spawn, doing: () => {} }),
        spawn,
        dataDir: join(dataDir, 'temporal'),
        port: temporalPort,
        uiPort: temporalUiPort,
        namespace: NAMESPACE,
      });
    },
    async killTemporal() {
      await temporal?.stop({ signal: 'SIGKILL' });
    },
    async startWorker() {
      Runtime.install({ logger: createWorkerLogger('error') });
      const connection = await NativeConnection.connect({ address });
      const worker = await Worker.create({
        connection,
        namespace: NAMESPACE,
        taskQueue: ORDER_CREATION_TASK_QUEUE,
        dataConverter: testDataConverter,
        workflowBundle: await bundleWorkflows(testDataConverter),
        activities: scenario.activities,
      });
      const running = worker.run();
      cleanUps.push(async () => {
        worker.shutdown();
        await running;
        await connection.close();
      });
    },
    async stop() {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    },
  };
}
