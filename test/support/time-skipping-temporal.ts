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

/** The test server's number for the type Keyword. */
const KEYWORD = 2;

export interface TimeSkippingTemporal {
  environment: TestWorkflowEnvironment;
  /** Starts `orderCreation` with a worker of its own and calls `use` with the run. The worker stops when `use` ends. */
  run<Result>(
    options: { request: CheckoutRequest; activities: OrderCreationActivities; input?: CheckoutRequest },
    use: (handle: WorkflowHandle<typeof orderCreation>) => Promise<Result>,
  ): Promise<Result>;
  stop(): Promise<void>;
}

/**
 * Makes the client send keepalive probes rarely. By default it sends one every 30 s. The test server closes connections
 * with more than one probe in five minutes, and the open calls fail.
 */
const rareKeepalive: ConnectionPlugin = {
  name: 'rare-keepalive',
  configureConnection: (options) => ({
    ...options,
    channelArgs: { ...options.channelArgs, 'grpc.keepalive_time_ms': 600_000 },
  }),
};

/** Starts a Temporal server with the real workflow. Its clock jumps ahead whenever runs wait only for time to pass. */
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

/** Tries several times: the SDK gives the server five seconds to answer, which is too short on a busy machine. */
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
