import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/create-activities.ts';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE } from '../domain/order-creation.ts';
import { dataConverterFor } from '../encryption/data-converter.ts';
import { parseEncryptionKeys } from '../encryption/encryption-keys.ts';
import { observeSeconds, setGauge } from '../domain/metrics.ts';
import { connectDirectus } from '../integrations/directus/directus-client.ts';
import { DirectusNotUniqueError } from '../integrations/directus/errors.ts';
import { createOrdersStore } from '../integrations/directus/orders-store.ts';
import { createRideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { activityLogContext } from './activity-log-context.ts';
import { reportWaitingOrders } from './order-gauges.ts';
import { createOrderRuns } from './order-runs.ts';
import { tellBuild } from './tell-build.ts';
import { scheduleSweep } from './sweep-schedule.ts';
import { workflowCode } from './workflow-code.ts';

/** One HTTP call to Directus. An activity's attempt has room for all that it makes: the error is then Directus' own. */
const DIRECTUS_TIMEOUT_MS = 5000;

type PartnerCall = Parameters<OrderCreationActivities['createRideNDineOrder']>[0];

/** How long a run waits for the worker that knows it before another may take it: a customer waits if that one is dead. */
const STICKY_TIMEOUT = '5 s';

/**
 * A worker for orders, and for the calls to RideNDine that wait in a queue of their own, connected and ready to run. Its
 * connection closes when it stops.
 */
export async function createWorker(settings: WorkerSettings): Promise<{ run(): Promise<void>; shutdown(): void }> {
  const { namespace, ...connectionOptions } = settings.temporal;
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const dataConverter = dataConverterFor(parseEncryptionKeys(settings.encryptionKeys));
    const client = new Client({ connection, namespace, dataConverter });
    if (settings.sweep) await scheduleSweep({ connection, namespace }, settings.sweep);
    const { metricMeter: meter, logger } = Runtime.instance();
    setGauge(meter, 'reviewWindow', settings.deadlines.reviewWindowMs / 1000);
    if (settings.sweep) setGauge(meter, 'sweepInterval', settings.sweep.intervalMs / 1000);
    const directus = connectDirectus({
      ...settings.directus,
      timeoutMs: DIRECTUS_TIMEOUT_MS,
      observe({ seconds, error }) {
        // A value that is taken is an answer: it is how two attempts find each other.
        const code = error === undefined || error instanceof DirectusNotUniqueError ? 'none' : error.code;
        observeSeconds(meter, 'directusRequestDuration', { code }, seconds);
      },
    });
    const orders = createOrdersStore(directus);
    const activities = createActivities({
      orders,
      runs: createOrderRuns(client),
      ridendine: createRideNDineClient(settings.ridendine),
      deadlines: settings.deadlines,
      links: settings.links,
      partnerTaskQueue: settings.maxPartnerCallsPerSecond === undefined ? undefined : PARTNER_TASK_QUEUE,
    });
    const interceptors = { activity: [activityLogContext] };
    const shared = {
      connection,
      namespace,
      dataConverter,
      interceptors,
      ...buildOptions(settings),
      ...settings.worker,
    } satisfies Partial<WorkerOptions>;
    const code = workflowCode(dataConverter);
    const orderWorker = await Worker.create({
      ...shared,
      taskQueue: ORDER_CREATION_TASK_QUEUE,
      ...code,
      interceptors: { ...code.interceptors, ...interceptors },
      activities,
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    });
    const partnerWorker = await Worker.create({
      ...shared,
      taskQueue: PARTNER_TASK_QUEUE,
      activities: { createRideNDineOrder: (order: PartnerCall) => activities.createRideNDineOrder(order) },
      ...partnerPolls(settings),
    }).catch(async (error: unknown) => {
      // A worker holds the connection until it has run.
      await runTogether([orderWorker], { stopAtOnce: true });
      throw error;
    });
    const workers = [orderWorker, partnerWorker];
    await tellBuild({ connection, namespace, build: settings.build });
    return {
      async run() {
        // Without anybody to tell, Directus need not be asked.
        const stopReporting = settings.metricsAddress ? reportWaitingOrders({ orders, meter, logger }) : () => {};
        try {
          await runTogether(workers);
        } finally {
          stopReporting();
          await connection.close();
        }
      },
      shutdown: () => workers.forEach(stop),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** docs/decisions/0015-new-builds-take-over-orders-in-flight.md */
function buildOptions({ build }: WorkerSettings): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (build === undefined) return {};
  return {
    workerDeploymentOptions: { version: build, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' },
  };
}

/**
 * The partner's queue is served even where no limit is set: orders may wait there from when one was. Two polls, a minute
 * long, are what that costs. The server takes the limit from whoever has polled last: without one, there is none.
 */
function partnerPolls({ maxPartnerCallsPerSecond, worker }: WorkerSettings) {
  return maxPartnerCallsPerSecond === undefined
    ? { maxConcurrentActivityTaskPolls: Math.min(2, worker.maxConcurrentActivityTaskExecutions) }
    : { maxTaskQueueActivitiesPerSecond: maxPartnerCallsPerSecond };
}

/** Runs them until all have stopped. If one fails, the others stop as they do when they are told to. */
async function runTogether(workers: readonly Worker[], { stopAtOnce = false } = {}): Promise<void> {
  const running = workers.map(async (worker) => {
    try {
      await worker.run();
    } finally {
      workers.forEach(stop);
    }
  });
  if (stopAtOnce) workers.forEach(stop);
  const ended = await Promise.allSettled(running);
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

function stop(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
