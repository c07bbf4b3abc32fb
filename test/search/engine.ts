import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import pWaitFor from 'p-wait-for';
import { OrderCreationClient } from '../../src/client/index.ts';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE, orderCreationWorkflowId } from '../../src/contract/runs.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { routingOf } from '../../src/temporal/order-pollers.ts';
import { askForQueue } from '../../src/temporal/order-workers.ts';
import { createOrderRuns } from '../../src/worker/order-runs.ts';
import { workflowSources } from '../../src/worker/workflow-code.ts';
import { workflowTaskOptions } from '../../src/worker/workflow-task-options.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import { newOrderNamespace } from '../support/order-namespace.ts';
import { installQuietRuntime } from '../support/quiet-runtime.ts';
import { newEncryptionKey } from '../support/test-encryption.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { createWorld } from './world.ts';
import type { Activities, World } from './world.ts';
import type { Schedule } from './schedule.ts';

/** A Temporal server, a worker with the real workflows and steps, and callers. It runs many schedules at once. */
export interface Engine {
  temporal: Client;
  /** Two callers. Each writes with another encryption key, and reads what both keys have encrypted. */
  callers: OrderCreationClient[];
  /** Makes a separate world for a schedule. */
  open(schedule: Schedule): { world: World; sweepId: string; close: () => void };
  /** A worker of the other build takes over all open runs. It encrypts with the other key. */
  replaceWorker(): Promise<void>;
  /** When a worker last failed by the SDK's fault, so that its work hung: milliseconds since 1970, or 0 if never. */
  failedAt(): number;
  stop(): Promise<void>;
}

/** The compiler reports a missing step here. */
const steps = Object.keys({
  validateCheckout: true,
  createOrderRecord: true,
  createRideNDineOrder: true,
  waitWhilePaused: true,
  saveLinkIds: true,
  markOrder: true,
  correctLink: true,
  decideOrder: true,
  cancelCheckout: true,
  stopPartnerAttempts: true,
  requestCancellation: true,
  continueLostOrders: true,
} satisfies Record<keyof Activities, true>) as (keyof Activities)[];

const DEPLOYMENT = 'order-creation';
const BUILDS = ['one', 'two'];

const LONGEST_STOP_MS = 10_000;
const LONGEST_ROUTING_MS = 30_000;

function tell(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

export async function startEngine(): Promise<Engine> {
  installQuietRuntime();
  const server = await startEmbeddedTemporal('memory');
  const { address } = server.settings;
  const keyrings = [newEncryptionKey('new'), newEncryptionKey('old')].map((first, index, all) =>
    [first, all[1 - index]].join(','),
  );
  const dataConverters = keyrings.map((keys) => dataConverterFor(parseEncryptionKeys(keys)));
  const [dataConverter = {}] = dataConverters;
  const connection = await Connection.connect({ address });
  const { namespace } = await newOrderNamespace(connection, address);
  const temporal = new Client({ connection, namespace, dataConverter });
  const runs = createOrderRuns(temporal);
  const { workflowInterceptorModules = [] } = workflowSources(dataConverter);
  const workflowBundle = await bundleWorkflows(dataConverter, {
    workflowInterceptorModules: [
      ...workflowInterceptorModules,
      fileURLToPath(new URL('quick-workflow.ts', import.meta.url)),
    ],
  });
  const worlds = new Map<string, World>();
  const activities = Object.fromEntries(
    steps.map((name) => [
      name,
      async (input: never) => {
        const { workflowId = '' } = activityInfo().workflowExecution ?? {};
        const world = worlds.get(workflowId);
        if (world === undefined) throw new Error('The schedule of this run has ended.');
        return await world.attempt(workflowId, name, input);
      },
    ]),
  );

  let started = 0;
  let failedAt = 0;
  /** @param onEnd called with the reason when one of the workers ends by itself. */
  async function startWorkers(onEnd: (reason: unknown) => void) {
    const native = await NativeConnection.connect({ address });
    const ownConverter = dataConverters[started % dataConverters.length] ?? dataConverter;
    const buildId = BUILDS[started % BUILDS.length] ?? '';
    started += 1;
    const shared = {
      connection: native,
      namespace,
      dataConverter: ownConverter,
      workerDeploymentOptions: {
        version: { deploymentName: DEPLOYMENT, buildId },
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'AUTO_UPGRADE',
      },
      shutdownForceTime: '2 s',
      maxConcurrentActivityTaskExecutions: 1000,
      maxConcurrentLocalActivityExecutions: 1000,
    } as const;
    const workers = [
      await Worker.create({
        ...shared,
        ...workflowTaskOptions,
        taskQueue: ORDER_CREATION_TASK_QUEUE,
        workflowBundle,
        activities,
        // The server waits for a worker that is gone no longer than this.
        stickyQueueScheduleToStartTimeout: '1 s',
      }),
      await Worker.create({ ...shared, taskQueue: PARTNER_TASK_QUEUE, activities }),
    ];
    let isStopping = false;
    const run = (worker: Worker) =>
      worker.run().catch((error: unknown) => {
        if (!isStopping) onEnd(error);
      });
    const ended = Promise.all(workers.map(run)).then(() => native.close());
    await giveOrdersTo(buildId);
    return {
      async stop() {
        isStopping = true;
        // A worker that has ended by itself, for example by a panic in the SDK, cannot be stopped.
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        // If a workflow task fails while its worker stops, the SDK may panic, and the worker never ends.
        const isLate = delay(LONGEST_STOP_MS, true, { ref: false });
        if (await Promise.race([ended.then(() => false), isLate])) {
          failedAt = Date.now();
          tell('A worker does not end, and is left behind.');
        }
      },
    };
  }

  /** Does what `npm run deployment -- current` does. That command may wait a minute for the worker's next request. */
  async function giveOrdersTo(buildId: string): Promise<void> {
    const { workflowService } = connection;
    const options = { interval: 50, timeout: LONGEST_ROUTING_MS };
    // Temporal learns of a worker's build a moment after the worker's first request, and refuses the change until then.
    await pWaitFor(
      () =>
        workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName: DEPLOYMENT, buildId }).then(
          () => true,
          () => false,
        ),
      options,
    );
    const isRouted = async (queue: 'orders' | 'steps' | 'partner') =>
      routingOf(await askForQueue(connection, namespace, queue)).current?.buildId === buildId;
    await pWaitFor(
      async () => (await isRouted('orders')) && (await isRouted('steps')) && (await isRouted('partner')),
      options,
    );
  }

  let renewal: Promise<void> | undefined;
  const replaceWorker = () => {
    renewal ??= (async () => {
      const old = workers;
      workers = await startWorkers(replace);
      await old.stop();
    })().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };
  const replace = (reason: unknown) => {
    failedAt = Date.now();
    tell(`A worker ended by itself, and another one takes over: ${String(reason)}`);
    void replaceWorker();
  };
  let workers = await startWorkers(replace);
  const callers = keyrings.map((encryptionKeys) =>
    OrderCreationClient.sharing({ connection, namespace, encryptionKeys, eagerStart: false }),
  );
  return {
    temporal,
    callers,
    open(schedule) {
      const world = createWorld(schedule, runs, () => renewal !== undefined);
      const sweepId = `order-sweep-${randomUUID()}`;
      const ids = [...world.keys.map(orderCreationWorkflowId), sweepId];
      for (const id of ids) worlds.set(id, world);
      return { world, sweepId, close: () => ids.forEach((id) => worlds.delete(id)) };
    },
    replaceWorker,
    failedAt: () => failedAt,
    async stop() {
      await renewal;
      await workers.stop();
      await connection.close();
      await server.stop();
    },
  };
}
