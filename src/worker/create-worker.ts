import { Client } from '@temporalio/client';
import { Runtime, Worker } from '@temporalio/worker';
import type { InjectedSinks, NativeConnection, WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/create-activities.ts';
import type { OrderCreationActivities } from '../activities/order-creation-activities.ts';
import { startSpans } from '../telemetry/start-spans.ts';
import type { WorkerSettings } from '../config/worker-settings.ts';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE } from '../contract/runs.ts';
import { dataConverterFor } from '../temporal/data-converter.ts';
import { parseEncryptionKeys } from '../temporal/encryption-keys.ts';
import { observeSeconds, setGauge } from '../telemetry/metrics.ts';
import { connectDirectus } from '../integrations/directus/directus-client.ts';
import { DirectusNotUniqueError } from '../integrations/directus/errors.ts';
import { isOrdersOwn } from '../integrations/directus/collections.ts';
import { createOrdersStore } from '../integrations/directus/orders-store.ts';
import { directusPathPattern } from '../integrations/directus/path-pattern.ts';
import { CREATE_ORDER_PATH, createRideNDineClient } from '../integrations/ridendine/ridendine-client.ts';
import { activitySpans } from '../telemetry/activity-spans.ts';
import { fetchWithSpans } from '../telemetry/http-call-spans.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { TraceSinks } from '../telemetry/trace-interceptors.ts';
import { activityLogContext } from '../telemetry/activity-log-context.ts';
import { reportWaitingOrders } from './order-gauges.ts';
import { workflowTaskOptions } from './workflow-task-options.ts';
import { createOrderRuns } from './order-runs.ts';
import { watchPause } from './partner-pause.ts';
import { tellBuild } from './tell-build.ts';
import { runTogether, stopWorker } from './run-together.ts';
import { scheduleSweep } from './sweep-schedule.ts';
import { workflowCode } from './workflow-code.ts';

/** One HTTP call to Directus. An activity's attempt has room for all that it makes: the error is then Directus' own. */
const DIRECTUS_TIMEOUT_MS = 5000;

type PartnerCall = Parameters<OrderCreationActivities['createRideNDineOrder']>[0];

export interface OrderWorker {
  /** Ends when it was told to stop and is done. @throws what ended it otherwise. */
  run(): Promise<void>;
  /** Takes nothing new; what it is doing may end within `WORKER_SHUTDOWN_GRACE`. */
  shutdown(): void;
}

/**
 * A worker for orders, and for the calls to RideNDine that wait in a queue of their own, ready to run. Until it has run
 * it holds the connection.
 */
export async function createWorker({
  settings,
  tracing,
  connection,
}: {
  settings: WorkerSettings;
  tracing: Tracing;
  connection: NativeConnection;
}): Promise<OrderWorker> {
  const { namespace } = settings.temporal;
  const dataConverter = dataConverterFor(parseEncryptionKeys(settings.encryptionKeys));
  const client = new Client({ connection, namespace, dataConverter, interceptors: { workflow: [startSpans] } });
  const workflows = workflowCode(dataConverter);
  if (settings.sweep) await scheduleSweep({ connection, namespace }, settings.sweep);
  const { metricMeter: meter, logger } = Runtime.instance();
  setGauge(meter, 'workerStart', Date.now() / 1000);
  setGauge(meter, 'reviewWindow', settings.deadlines.reviewWindowMs / 1000);
  if (settings.sweep) setGauge(meter, 'sweepInterval', settings.sweep.intervalMs / 1000);
  const directus = connectDirectus({
    ...settings.directus,
    timeoutMs: DIRECTUS_TIMEOUT_MS,
    ...(tracing.isOn && { fetch: fetchWithSpans(directusPathPattern) }),
    observe({ seconds, error }) {
      // An order's value that is taken is an answer: it is how two attempts find each other.
      const isAnswer = error === undefined || (error instanceof DirectusNotUniqueError && isOrdersOwn(error.field));
      const code = isAnswer ? 'none' : error.code;
      observeSeconds(meter, 'directusRequestDuration', { code }, seconds);
    },
  });
  const orders = createOrdersStore(directus);
  const pauses = await watchPause({ client, meter, logger });
  const activities = createActivities({
    orders,
    runs: createOrderRuns(client),
    pause: () => pauses.current(),
    partner: createRideNDineClient({
      ...settings.ridendine,
      ...(tracing.isOn && { fetch: fetchWithSpans(() => CREATE_ORDER_PATH) }),
    }),
    deadlines: settings.deadlines,
    links: settings.links,
    partnerTaskQueue: settings.maxPartnerCallsPerSecond === undefined ? undefined : PARTNER_TASK_QUEUE,
  });
  const interceptors = { activity: [...(tracing.isOn ? [activitySpans] : []), activityLogContext] };
  const shared = {
    connection,
    namespace,
    dataConverter,
    interceptors,
    ...buildOptions(settings),
    ...settings.worker,
  } satisfies Partial<WorkerOptions>;
  const orderWorker = await Worker.create({
    ...shared,
    taskQueue: ORDER_CREATION_TASK_QUEUE,
    ...workflows,
    interceptors: { ...workflows.interceptors, ...interceptors },
    sinks: traceSinks(tracing),
    activities,
    ...workflowTaskOptions,
  });
  const partnerWorker = await Worker.create({
    ...shared,
    taskQueue: PARTNER_TASK_QUEUE,
    activities: { createRideNDineOrder: (order: PartnerCall) => activities.createRideNDineOrder(order) },
    ...partnerPolls(settings),
  }).catch(async (error: unknown) => {
    pauses.stop();
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
        pauses.stop();
      }
    },
    shutdown: () => workers.forEach(stopWorker),
  };
}

/** docs/decisions/0015-new-builds-take-over-orders-in-flight.md */
function buildOptions({ build }: WorkerSettings): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (build === undefined) return {};
  return {
    workerDeploymentOptions: { version: build, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' },
  };
}

/** There whether this worker traces or not: a run may belong to the trace of somebody who does. */
function traceSinks(tracing: Tracing): InjectedSinks<TraceSinks> {
  return { traces: { addRun: { fn: (_info, run) => tracing.addRun(run), callDuringReplay: false } } };
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
