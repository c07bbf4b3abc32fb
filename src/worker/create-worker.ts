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

/** The time-out of one HTTP call to Directus. Shorter than an attempt's, so that people see the call's own error. */
const DIRECTUS_TIMEOUT_MS = 5000;

type PartnerCall = Parameters<OrderCreationActivities['createRideNDineOrder']>[0];

export interface OrderWorker {
  /** Runs until the worker was told to stop and its work is done. @throws the error with which a worker failed. */
  run(): Promise<void>;
  /** Takes no new tasks. Work that is under way may end within `WORKER_SHUTDOWN_GRACE`. */
  shutdown(): void;
}

/**
 * Makes a worker, ready to run, for orders and for the calls to RideNDine that wait in a task queue of their own. The
 * worker holds the connection until `run` has ended.
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
      // "Not unique" for a field of the order is an answer, no error: it tells an attempt that another one wrote first.
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
    // The order worker holds the connection until it has run, so it runs once and stops at once.
    await runTogether([orderWorker], { stopAtOnce: true });
    throw error;
  });
  const workers = [orderWorker, partnerWorker];
  await tellBuild({ connection, namespace, build: settings.build });
  return {
    async run() {
      // Without an address for metrics nobody reads the numbers, so Directus is not asked for them.
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

/** The sinks exist even if this worker does not trace, because a run may belong to a trace of another program. */
function traceSinks(tracing: Tracing): InjectedSinks<TraceSinks> {
  return { traces: { addRun: { fn: (_info, run) => tracing.addRun(run), callDuringReplay: false } } };
}

/**
 * The worker serves RideNDine's task queue even if no limit is set, because orders may wait there from a time when a
 * limit was set. That costs two polls, each a minute long. The server takes the limit from the worker that polled last:
 * if that worker sets no limit, there is none.
 */
function partnerPolls({ maxPartnerCallsPerSecond, worker }: WorkerSettings) {
  return maxPartnerCallsPerSecond === undefined
    ? { maxConcurrentActivityTaskPolls: Math.min(2, worker.maxConcurrentActivityTaskExecutions) }
    : { maxTaskQueueActivitiesPerSecond: maxPartnerCallsPerSecond };
}
