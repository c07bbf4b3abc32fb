import { activityInfo } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { decideOrderWith } from '../../src/activities/decide-order.ts';
import { currentRun } from '../../src/activities/current-run.ts';
import { stopPartnerAttemptsWith } from '../../src/activities/stop-partner-attempts.ts';
import type { DataConverter } from '@temporalio/common';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import type { OrderRuns } from '../../src/activities/order-runs.ts';
import { createOrderRuns } from '../../src/worker/order-runs.ts';
import { newPickupRequest } from './builders.ts';
import { installQuietRuntime } from './quiet-runtime.ts';
import { createScenario } from './scripted-activities.ts';
import type { Scenario, ScenarioOptions, ScriptedActivities } from './scripted-activities.ts';
import { testDataConverter } from './test-encryption.ts';
import { bundleWorkflows } from './workflow-bundle.ts';
import { ORDER_CREATION_TASK_QUEUE, PARTNER_TASK_QUEUE, orderCreationWorkflowId } from '../../src/contract/runs.ts';

export interface OrderWorker {
  /** Makes a checkout and the activities that run for it. */
  newScenario(options?: Partial<ScenarioOptions>): Scenario;
  /**
   * Begins to take tasks. Before this call and after {@link stop}, nobody takes tasks. The defaults are the keys of the
   * tests and the connection of {@link createOrderWorker}.
   */
  start(dataConverter?: DataConverter, settings?: TemporalSettings): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Makes a worker with the real workflow on the real task queues. Each checkout has the activities of its own scenario.
 *
 * @param options.servesPartnerQueue false: like workers before version 0.2, without the queue for calls to RideNDine.
 * @param options.afterDecision called when a step of a bulk decision has decided and has not yet reported the result.
 */
export async function createOrderWorker({
  servesPartnerQueue = true,
  afterDecision = async () => {},
  ...own
}: TemporalSettings & { servesPartnerQueue?: boolean; afterDecision?: () => Promise<void> }): Promise<OrderWorker> {
  installQuietRuntime();
  const scenarios = new Map<string, Scenario>();
  const workflowBundle = await bundleWorkflows(testDataConverter);
  const step =
    (name: keyof ScriptedActivities) =>
    async (input: never): Promise<unknown> => {
      const scenario = scenarios.get(activityInfo().workflowExecution?.workflowId ?? '');
      if (scenario === undefined) throw new Error('No test has a scenario for this workflow.');
      return await scenario.activities[name](input);
    };
  let client: Client | undefined;
  const runs = () => {
    if (!client) throw new Error('The worker has not been started.');
    return createOrderRuns(client);
  };
  const requestCancellation = () => runs().requestCancellation(currentRun());
  const stopPartnerAttempts = stopPartnerAttemptsWith({
    runs: { stopAttempts: (run, activityType) => runs().stopAttempts(run, activityType) },
  });
  const decide: OrderRuns['decide'] = async (...decision) => {
    const refusal = await runs().decide(...decision);
    await afterDecision();
    return refusal;
  };
  let running: { workers: Worker[]; ended: Promise<void> } | undefined;
  return {
    newScenario(options = {}) {
      const { request = newPickupRequest(), nowMs = Date.now(), override, ...rest } = options;
      const scenario = createScenario({
        request,
        nowMs,
        ...rest,
        override: { requestCancellation, stopPartnerAttempts, ...override },
      });
      scenarios.set(orderCreationWorkflowId(request.idempotency_key), scenario);
      return scenario;
    },
    async start(dataConverter = testDataConverter, { namespace, ...connectionOptions } = own) {
      const connection = await NativeConnection.connect(connectionOptions);
      client = new Client({ connection, namespace, dataConverter });
      const worker = await Worker.create({
        connection,
        namespace,
        taskQueue: ORDER_CREATION_TASK_QUEUE,
        dataConverter,
        workflowBundle,
        activities: {
          validateCheckout: step('validateCheckout'),
          createOrderRecord: step('createOrderRecord'),
          createRideNDineOrder: step('createRideNDineOrder'),
          waitWhilePaused: step('waitWhilePaused'),
          saveLinkIds: step('saveLinkIds'),
          markOrder: step('markOrder'),
          correctLink: step('correctLink'),
          cancelCheckout: step('cancelCheckout'),
          stopPartnerAttempts: step('stopPartnerAttempts'),
          requestCancellation: step('requestCancellation'),
          decideOrder: decideOrderWith({ runs: { decide } }),
        },
      });
      const workers = [worker];
      if (servesPartnerQueue) {
        const activities = { createRideNDineOrder: step('createRideNDineOrder') };
        workers.push(
          await Worker.create({ connection, namespace, taskQueue: PARTNER_TASK_QUEUE, dataConverter, activities }),
        );
      }
      const run = async () => {
        await Promise.all(workers.map((one) => one.run()));
        await connection.close();
      };
      running = { workers, ended: run() };
    },
    async stop() {
      if (running === undefined) return;
      for (const worker of running.workers) worker.shutdown();
      await running.ended;
      running = undefined;
    },
  };
}
