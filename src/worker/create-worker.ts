import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/create-activities.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../domain/order-creation.ts';
import { dataConverterFor } from '../encryption/data-converter.ts';
import { parseEncryptionKeys } from '../encryption/encryption-keys.ts';
import { connectDirectus } from '../integrations/directus/directus-client.ts';
import { createOrdersStore } from '../integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { createOrderRuns } from './order-runs.ts';
import { scheduleSweep } from './sweep-schedule.ts';
import { workflowCode } from './workflow-code.ts';

/** One HTTP call to Directus. An activity's attempt has room for all that it makes: the error is then Directus' own. */
const DIRECTUS_TIMEOUT_MS = 5000;

/** How long a run waits for the worker that knows it before another may take it: a customer waits if that one is dead. */
const STICKY_TIMEOUT = '5 s';

/** A worker for the order-creation task queue, connected and ready to run. Its connection closes when it stops. */
export async function createWorker(settings: WorkerSettings): Promise<{ run(): Promise<void>; shutdown(): void }> {
  const { namespace, ...connectionOptions } = settings.temporal;
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const dataConverter = dataConverterFor(parseEncryptionKeys(settings.encryptionKeys));
    const client = new Client({ connection, namespace, dataConverter });
    if (settings.sweep) await scheduleSweep({ connection, namespace }, settings.sweep);
    const directus = connectDirectus({ ...settings.directus, timeoutMs: DIRECTUS_TIMEOUT_MS });
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      dataConverter,
      ...workflowCode(dataConverter),
      activities: createActivities({
        orders: createOrdersStore(directus),
        runs: createOrderRuns(client),
        ridendine: createRideNDineClient(settings.ridendine),
        deadlines: settings.deadlines,
        links: settings.links,
      }),
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
      ...settings.worker,
    });
    return {
      async run() {
        try {
          await worker.run();
        } finally {
          await connection.close();
        }
      },
      shutdown: () => worker.shutdown(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
