// A worker whose steps wait instead of doing something: node waiting-worker.ts, with the settings below.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { currentRunId } from '../src/activities/current-run.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/contract/runs.ts';
import { orderBody } from '../src/integrations/ridendine/order-body.ts';
import { readSlots, slotVariables } from '../src/config/worker-settings.ts';
import { dataConverterFor } from '../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../src/temporal/encryption-keys.ts';
import { createWorkerLogger } from '../src/telemetry/worker-logger.ts';
import { activityLogContext } from '../src/telemetry/activity-log-context.ts';
import { workflowTaskOptions } from '../src/worker/workflow-task-options.ts';
import { workflowCode } from '../src/worker/workflow-code.ts';
import { newCheckout } from '../test/support/builders.ts';
import type { BareSteps } from './changed/bare-steps.ts';
import { setting } from '../stack/setting.ts';

const HOUR_MS = 60 * 60_000;

const [validateMs = 0, createMs = 0, partnerMs = 0, saveMs = 0] = setting('WAITS_MS').split(',').map(Number);

/** Their results have the size of real ones, because the server stores the results. */
const steps: BareSteps = {
  async validateCheckout() {
    await delay(validateMs);
    return {
      kind: 'new',
      request_fingerprint: 'a'.repeat(64),
      run_id: currentRunId(),
      order_id: randomUUID(),
      checkout: newCheckout(),
    };
  },
  async createOrderRecord({ standing }) {
    await delay(createMs);
    const checkout = newCheckout();
    return {
      run_id: currentRunId(),
      order_id: standing.order_id,
      ridendine_request: orderBody(standing.order_id, checkout),
      review: null,
      maybe_sent_before: false,
      not_sent_deadline: new Date(Date.now() + HOUR_MS).toISOString(),
      key_deadline: new Date(Date.now() + HOUR_MS).toISOString(),
      attempt_timeout_ms: 17_000,
      review_window_ms: HOUR_MS,
    };
  },
  async createRideNDineOrder() {
    await delay(partnerMs);
    return { ridendine_order_id: `rnd_${randomUUID()}`, payment_session_id: `ps_${randomUUID()}` };
  },
  async saveLinkIds({ order_id, link }) {
    await delay(saveMs);
    return { order_id, ...link, status: 'PENDING_PAYMENT', payment_status: 'PENDING' };
  },
};

Runtime.install({
  logger: createWorkerLogger('warn'),
  telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  shutdownSignals: ['SIGTERM'],
});
const connection = await NativeConnection.connect({
  address: setting('TEMPORAL_ADDRESS'),
  ...(process.env['UNCOMPRESSED'] === 'on' && { grpcCompression: { codec: 'none' } }),
});
const dataConverter = dataConverterFor(parseEncryptionKeys(setting('ENCRYPTION_KEYS')));
const bundle = process.env['WORKFLOW_BUNDLE'];
const workflow = bundle === undefined ? workflowCode(dataConverter) : { workflowBundle: { codePath: bundle } };
const worker = await Worker.create({
  connection,
  namespace: setting('TEMPORAL_NAMESPACE'),
  taskQueue: ORDER_CREATION_TASK_QUEUE,
  dataConverter,
  ...workflow,
  interceptors: { ...('interceptors' in workflow && workflow.interceptors), activity: [activityLogContext] },
  activities: steps,
  ...readSlots(slotVariables.parse({})),
  ...workflowTaskOptions,
  ...(JSON.parse(setting('WORKER_OPTIONS')) as Partial<WorkerOptions>),
});
await worker.run();
await connection.close();
