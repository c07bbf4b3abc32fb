import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/create-activities.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../domain/order-creation.ts';
import { connectDirectus } from '../integrations/directus/directus-client.ts';
import { createOrdersStore } from '../integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../integrations/ridendine/ridendine-client.ts';

/** One HTTP call to Directus. Shorter than the activity's attempt (12 s), so that the error is Directus' own. */
const DIRECTUS_TIMEOUT_MS = 10_000;

/** A worker for the order-creation task queue, connected and ready to run. Its connection closes when it stops. */
export async function createWorker(settings: WorkerSettings): Promise<{ run(): Promise<void>; shutdown(): void }> {
  const { namespace, ...connectionOptions } = settings.temporal;
  const connection = await NativeConnection.connect(connectionOptions);
  const directus = connectDirectus({ ...settings.directus, timeoutMs: DIRECTUS_TIMEOUT_MS });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: ORDER_CREATION_TASK_QUEUE,
    workflowsPath: fileURLToPath(new URL('../workflows/order-creation.ts', import.meta.url)),
    activities: createActivities({
      orders: createOrdersStore(directus),
      ridendine: createRideNDineClient(settings.ridendine),
      deadlines: settings.deadlines,
    }),
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
}
