import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { OrderCreationClient } from '../src/client/index.ts';
import type { CreateOrderOutcome } from '../src/client/index.ts';
import type { CheckoutRequestInput } from '../src/domain/checkout-request.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/contract/runs.ts';
import { baseEnvironment } from '../stack/child-environment.ts';
import { hasPoller } from '../stack/temporal/has-poller.ts';
import { waitUntilReady } from '../stack/wait-until-ready.ts';
import { newCheckoutRequest } from '../test/support/builders.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { testEncryptionKeys } from '../test/support/test-encryption.ts';
import type { Pids } from './measured-load.ts';
import type { BenchServer } from './temporal-servers.ts';

/** Of the four steps: two at Directus, one at RideNDine, one at Directus. */
export const WAITS_MS = [5, 5, 20, 5];

const READY_TIMEOUT_MS = 60_000;
const ORDER_TIMEOUT_MS = 120_000;

/** A server with a worker whose steps wait, and a client that places orders there as a gateway does. */
export interface WaitingSite {
  server: BenchServer;
  pids: Pids;
  /** From the start of the worker's process until it asks for work. */
  workerReadyMs: number;
  /** @throws Error if the order is not done in time. */
  place: (key: string) => Promise<void>;
  stop(): Promise<void>;
}

/** Worker and callers are as the product has them, but for these. */
export interface SiteChanges {
  /** Of the worker: what JSON can carry. */
  options?: Partial<WorkerOptions>;
  /** Path of the compiled workflows; without it they are compiled when the worker starts. */
  bundle?: string;
  encryptionKeys?: string;
  /** Path of a module that each of the worker's threads loads first. */
  preload?: string;
  /** Between two looks at an order, each of which is answered at once. */
  lookEveryMs?: number;
}

/** The server is stopped if there is no site. */
export async function openWaitingSite(server: BenchServer, changes: SiteChanges = {}): Promise<WaitingSite> {
  const { options, bundle, encryptionKeys = testEncryptionKeys, preload, lookEveryMs } = changes;
  const { supervisor, stop: stopWorker } = await openSupervisedFolder('order-creation-worker');
  const client = OrderCreationClient.connect({ ...server.settings, encryptionKeys });
  const stop = async () => {
    await client.close();
    await stopWorker();
    await server.stop();
  };
  try {
    const startedAt = performance.now();
    const worker = supervisor.spawn({
      name: 'waiting-worker',
      command: process.execPath,
      args: [
        ...(preload === undefined ? [] : [`--import=${preload}`]),
        fileURLToPath(new URL('waiting-worker.ts', import.meta.url)),
      ],
      env: {
        ...baseEnvironment(process.env),
        TEMPORAL_ADDRESS: server.settings.address,
        TEMPORAL_NAMESPACE: server.settings.namespace,
        ENCRYPTION_KEYS: encryptionKeys,
        WAITS_MS: WAITS_MS.join(','),
        ...(options && { WORKER_OPTIONS: JSON.stringify(options) }),
        ...(bundle !== undefined && { WORKFLOW_BUNDLE: bundle }),
      },
    });
    const isReady = () =>
      hasPoller({ temporal: server.settings, taskQueue: ORDER_CREATION_TASK_QUEUE, pid: worker.pid });
    await waitUntilReady({ name: 'The worker', part: worker, timeoutMs: READY_TIMEOUT_MS, isReady });
    return {
      server,
      pids: { ...server.pids, worker: worker.pid },
      workerReadyMs: performance.now() - startedAt,
      place: async (key) => {
        const request = newCheckoutRequest({ idempotency_key: key });
        const outcome =
          lookEveryMs === undefined
            ? await client.createOrder(request, { timeoutMs: ORDER_TIMEOUT_MS })
            : await createAndLook(client, request, lookEveryMs);
        if (outcome.state !== 'SUCCEEDED')
          throw new Error(`An order was not done within ${ORDER_TIMEOUT_MS / 1000} s.`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createAndLook(
  client: OrderCreationClient,
  request: CheckoutRequestInput,
  everyMs: number,
): Promise<CreateOrderOutcome> {
  const deadline = Date.now() + ORDER_TIMEOUT_MS;
  let outcome = await client.createOrder(request, { timeoutMs: 0 });
  while (outcome.state === 'IN_PROGRESS' && Date.now() < deadline) {
    await delay(everyMs);
    outcome = await client.waitForOrder(request.idempotency_key, { timeoutMs: 0 });
  }
  return outcome;
}
