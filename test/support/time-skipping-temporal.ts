import { randomUUID } from 'node:crypto';
import type { ConnectionPlugin, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime, Worker } from '@temporalio/worker';
import type { OrderCreationActivities } from '../../src/activities/order-creation-activities.ts';
import type { CheckoutRequest } from '../../src/domain/checkout-request.ts';
import { searchAttributes } from '../../src/contract/runs.ts';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import type { orderCreation } from '../../src/workflows/order-creation.ts';
import { findTestServer } from './find-test-server.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

/** What the test server calls the type Keyword. */
const KEYWORD = 2;

export interface TimeSkippingTemporal {
  environment: TestWorkflowEnvironment;
  /** Starts `orderCreation` with a worker of its own and hands the run to `use`; the worker stops afterwards. */
  run<Result>(
    options: { request: CheckoutRequest; activities: OrderCreationActivities; input?: CheckoutRequest },
    use: (handle: WorkflowHandle<typeof orderCreation>) => Promise<Result>,
  ): Promise<Result>;
  stop(): Promise<void>;
}

/**
 * The test server ends a connection that is probed more often than every five minutes, and with it the calls under way.
 * The client probes every 30 s.
 */
const rareKeepalive: ConnectionPlugin = {
  name: 'rare-keepalive',
  configureConnection: (options) => ({
    ...options,
    channelArgs: { ...options.channelArgs, 'grpc.keepalive_time_ms': 600_000 },
  }),
};

/** A Temporal server whose clock jumps ahead while nothing but time is waited for, and the real workflow on it. */
export async function startTimeSkippingTemporal(): Promise<TimeSkippingTemporal> {
  Runtime.install({ logger: createWorkerLogger('error') });
  const environment = await startServer(await findTestServer(process.env));
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name }) => [name, KEYWORD])),
  });
  const workflowBundle = await bundleWorkflows();
  return {
    environment,
    async run({ request, activities, ...options }, use) {
      const taskQueue = `order-creation-${randomUUID()}`;
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        workflowBundle,
        activities,
      });
      return await worker.runUntil(async () => {
        const handle = await environment.client.workflow.start<typeof orderCreation>('orderCreation', {
          workflowId: `order-creation-${request.idempotency_key}`,
          taskQueue,
          args: ['input' in options ? options.input : request],
        });
        return await use(handle);
      });
    },
    stop: () => environment.teardown(),
  };
}

/** The SDK gives the server five seconds to answer, which are too few when other programs keep the machine busy. */
async function startServer(path: string, attempts = 5): Promise<TestWorkflowEnvironment> {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
      plugins: [rareKeepalive],
    });
  } catch (error) {
    if (attempts > 1 && String(error).includes('did not start within')) return await startServer(path, attempts - 1);
    throw error;
  }
}
