import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import type { NativeConnection, WorkerOptions, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { currentRun } from '../../src/activities/current-run.ts';
import { stopPartnerAttemptsWith } from '../../src/activities/stop-partner-attempts.ts';
import { REQUEST_ID_MEMO, orderCreationStart } from '../../src/contract/runs.ts';
import type { OrderCreationInput } from '../../src/contract/runs.ts';
import { createOrderRuns } from '../../src/worker/order-runs.ts';
import { personalData } from '../support/personal-data.ts';
import { createScenario } from '../support/scripted-activities.ts';
import type { ReplayScenario } from './scenarios.ts';

export interface ScenarioRunner {
  /** Must use the same data converter as `dataConverter`. */
  client: Client;
  connection: NativeConnection;
  dataConverter: DataConverter;
  workflowBundle: WorkflowBundleWithSourceMap;
  /** Identity of the worker. Default: the SDK's, which names the process and its machine. */
  identity?: string;
  /** Further options of the worker. */
  options?: Pick<WorkerOptions, 'sinks' | 'interceptors' | 'maxCachedWorkflows'>;
}

/**
 * Runs one scenario from its start to its end, with a worker of its own.
 *
 * @param watch is called as soon as the run has begun. The scenario ends only when its promise resolves.
 */
export async function runScenario(
  { client, connection, dataConverter, workflowBundle, identity, options = {} }: ScenarioRunner,
  scenario: ReplayScenario,
  watch: (handle: WorkflowHandle) => Promise<void> = async () => {},
): Promise<WorkflowHandle> {
  const { activities, workflow, start } = prepare(scenario, client);
  const worker = await Worker.create({
    connection,
    namespace: client.options.namespace,
    taskQueue: scenario.name,
    workflowBundle,
    dataConverter,
    activities,
    ...(identity !== undefined && { identity }),
    ...options,
  });
  return await worker.runUntil(async () => {
    const handle = await client.workflow.start(workflow, { ...start, taskQueue: scenario.name });
    const watched = watch(handle);
    await scenario.drive?.(handle);
    // Many scenarios are about a run that fails, so a failed run is no error here.
    await handle.result().catch(() => {});
    await watched;
    return handle;
  });
}

function prepare({ options, change, input, byHand, workflow = 'orderCreation' }: ReplayScenario, client: Client) {
  const key = randomUUID();
  const request = {
    customer_id: randomUUID(),
    quote_id: `quote-${key}`,
    fulfillment_method: 'DELIVERY',
    shipping_snapshot: { address: personalData.address, lat: 1, lng: 2 },
    customer_note: personalData.note,
    idempotency_key: key,
  } as const;
  const scenario = createScenario({ request, nowMs: Date.now(), ...options });
  const runs = createOrderRuns(client);
  const steps = {
    ...scenario.activities,
    requestCancellation: () => runs.requestCancellation(currentRun()),
    stopPartnerAttempts: stopPartnerAttemptsWith({ runs }),
  };
  const start = orderCreationStart((input?.(key) ?? request) as OrderCreationInput, {
    fingerprint: 'fingerprint',
    quoteId: request.quote_id,
    customerId: request.customer_id,
    memo: { [REQUEST_ID_MEMO]: `request-${key}` },
  });
  const isOurs = workflow === 'orderCreation' && byHand !== true;
  return {
    workflow,
    activities: { ...steps, ...change?.(steps, scenario) },
    start: isOurs ? start : { workflowId: byHand === true ? start.workflowId : workflow, args: start.args },
  };
}
