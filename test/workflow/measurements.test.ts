import { Client, Connection } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';
import { activityLogContext } from '../../src/telemetry/activity-log-context.ts';
import { installRuntime } from '../../src/worker/install-runtime.ts';
import { reportWaitingOrders } from '../../src/worker/order-gauges.ts';
import type { OrderOutcome } from '../../src/telemetry/order-outcome.ts';
import { freePort } from '../support/free-port.ts';
import { runScenario } from '../replay/run-scenario.ts';
import { scenarios } from '../replay/scenarios.ts';
import type { ReplayScenario } from '../replay/scenarios.ts';
import { startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { personalDataIn } from '../support/personal-data.ts';
import { readMetrics } from '../support/read-metrics.ts';
import type { Sample } from '../support/read-metrics.ts';
import { testDataConverter as dataConverter } from '../support/test-encryption.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';

/** How many scenarios run at the same time: while one waits, others use the machine. */
const AT_ONCE = 4;

/** The run outcome of each scenario. Scenarios that are not listed end as `linked`. */
const outcomes: Partial<Record<OrderOutcome, string[]>> = {
  repeated: ['linked-by-an-earlier-run'],
  refused: [
    'failure-validateCheckout-CheckoutInvalid',
    'failure-validateCheckout-QuoteNotFound',
    'failure-validateCheckout-QuoteExpired',
    'failure-validateCheckout-StoreNotOnRideNDine',
    'failure-validateCheckout-IdempotencyKeyReused',
    'failure-validateCheckout-OrderNeedsReview',
    'failure-validateCheckout-OrderCancelled',
    'failure-createOrderRecord-QuoteAlreadyUsed',
  ],
  failed: [
    'failure-validateCheckout-DirectusUnavailable',
    'failure-validateCheckout-DirectusRejected',
    'failure-createOrderRecord-DirectusUnavailable',
    'failure-createOrderRecord-DirectusRejected',
    'failure-createRideNDineOrder-RideNDineRejected',
    'failure-createRideNDineOrder-RideNDineUnauthorized',
    'failure-createRideNDineOrder-RideNDineRateLimited',
    'failure-createRideNDineOrder-RideNDineUnavailable',
  ],
  abandoned: ['review-abandon', 'review-of-a-lost-run-that-is-cancelled'],
  cancelled: [
    'cancelled-before-the-record',
    'cancelled-during-the-record',
    'cancelled-by-support',
    'cancelled-while-ridendine-is-asked',
  ],
};

const ofOrders = scenarios.filter(({ workflow }) => workflow !== 'orderSweep').map(({ name }) => name);

/** The worker caches no run: every task replays its run from the start. */
const withoutMemory = { maxCachedWorkflows: 0 };

/**
 * Scenarios with queries keep their runs cached. Without a cache, a query in the middle of a task replays that task
 * once more, and its measurements may be counted twice.
 */
function isReplayed({ drive }: ReplayScenario): boolean {
  return drive === undefined;
}

let temporal: EmbeddedTemporal;
let connection: Connection;
let nativeConnection: NativeConnection;
let metricsUrl: string;
let log = '';
const runs = new Map<string, WorkflowHandle>();
let metrics: Sample[];

beforeAll(async () => {
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  metricsUrl = `http://${metricsAddress}/metrics`;
  installRuntime({ logger: createWorkerLogger('debug', { write: (line) => (log += line) }), metricsAddress });
  temporal = await startEmbeddedTemporal();
  connection = await Connection.connect({ address: temporal.settings.address });
  nativeConnection = await NativeConnection.connect({ address: temporal.settings.address });
  const runner = {
    client: new Client({ connection, dataConverter }),
    connection: nativeConnection,
    dataConverter,
    workflowBundle: await bundleWorkflows(dataConverter),
  };
  const waiting = [...scenarios];
  const work = async () => {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
      const worker = { interceptors: { activity: [activityLogContext] }, ...(isReplayed(scenario) && withoutMemory) };
      runs.set(scenario.name, await runScenario({ ...runner, options: worker }, scenario));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  metrics = await readMetrics(metricsUrl);
}, 360_000);
afterAll(async () => {
  await nativeConnection?.close();
  await connection?.close();
  await temporal?.stop();
});

/** The samples of one scenario. Each scenario has a task queue of its own. */
function samples(name: string, scenario: string): Sample[] {
  return metrics.filter(
    (sample) => sample.name === name && (sample.labels['taskQueue'] ?? sample.labels['task_queue']) === scenario,
  );
}

function counts(name: string, scenario: string) {
  return samples(name, scenario).map(({ labels, value }) => [labels['decision'] ?? labels['code'], value]);
}

function lines(): Record<string, unknown>[] {
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a run', () => {
  it.each(ofOrders)('is counted once, by what came of it, and logged once: %s', (scenario) => {
    const outcome = Object.entries(outcomes).find(([, names]) => names.includes(scenario))?.[0] ?? 'linked';

    expect(samples('cooco_orders_total', scenario)).toMatchObject([{ labels: { outcome }, value: 1 }]);
    expect(samples('cooco_order_seconds_count', scenario)).toMatchObject([{ labels: { outcome }, value: 1 }]);
    const ended = lines().filter(
      ({ msg, workflow_id }) => msg === 'order ended' && workflow_id === runs.get(scenario)?.workflowId,
    );
    expect(ended).toMatchObject([{ outcome, level: outcome === 'failed' ? 'warn' : 'info' }]);
  });

  it('is replayed at every task in most of these scenarios', () => {
    const replayed = scenarios.filter(isReplayed).map(({ name }) => name);

    expect(replayed.length).toBeGreaterThan(scenarios.length / 2);
    expect(replayed.filter((name) => samples('temporal_sticky_cache_hit_total', name).length > 0)).toEqual([]);
  });

  it('is told the time of each stage once, and they make up that of the whole', () => {
    const [whole] = samples('cooco_order_seconds_sum', 'good-path');
    const stages = samples('cooco_order_stage_seconds_sum', 'good-path');

    expect(stages.map(({ labels }) => String(labels['stage'])).toSorted()).toEqual([
      'CREATING_RECORD',
      'CREATING_RIDENDINE_ORDER',
      'SAVING_LINK',
      'VALIDATING',
    ]);
    expect(samples('cooco_order_stage_seconds_count', 'good-path').map(({ value }) => value)).toEqual([1, 1, 1, 1]);
    expect(stages.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(whole?.value ?? Number.NaN, 6);
  });

  it('has its failed order counted under the code of the failure', () => {
    for (const name of [...(outcomes.refused ?? []), ...(outcomes.failed ?? [])]) {
      const code = name.startsWith('failure-') ? name.split('-').at(-1) : 'QuoteExpired';
      expect(samples('cooco_orders_total', name)[0]?.labels['code']).toBe(code);
    }
  });

  it('has its reviews counted: opened, overdue, decided, and a refused decision not', () => {
    expect(counts('cooco_reviews_opened_total', 'review-overdue')).toEqual([['RideNDineRejected', 1]]);
    expect(counts('cooco_reviews_overdue_total', 'review-overdue')).toEqual([[undefined, 1]]);
    expect(counts('cooco_reviews_decided_total', 'review-overdue')).toEqual([['retry', 1]]);
    expect(counts('cooco_reviews_decided_total', 'review-abandon')).toEqual([['abandon', 1]]);
    expect(counts('cooco_reviews_decided_total', 'review-refuses-a-decision')).toEqual([['link', 1]]);
    expect(counts('cooco_reviews_overdue_total', 'review-retry')).toEqual([]);
  });

  it('has every call to RideNDine counted by how it ended', () => {
    const attempts = samples('cooco_partner_attempts_total', 'ridendine-answers-at-last');

    expect(attempts.map(({ labels: { outcome, code }, value }) => `${outcome} ${code} ${value}`).toSorted()).toEqual([
      'created none 1',
      'maybeSent RideNDineUnavailable 1',
      'notSent RideNDineUnavailable 1',
    ]);
  });

  it('has a sweep counted, with the orders that it continued', () => {
    expect(samples('cooco_sweeps_total', 'order-sweep')).toMatchObject([
      { labels: { outcome: 'completed' }, value: 1 },
    ]);
    const swept = samples('cooco_sweep_orders_total', 'order-sweep').map(({ labels, value }) => [
      labels['result'],
      value,
    ]);
    expect(Object.fromEntries(swept)).toEqual({ continued: 3, failed: 1 });
    const [last] = samples('cooco_sweep_last_completed_timestamp_seconds', 'order-sweep');
    expect(Math.abs(Date.now() / 1000 - (last?.value ?? 0))).toBeLessThan(300);
  });
});

describe('the log of a worker', () => {
  it('says in every line about a run which run it is and which request began it', () => {
    const workflowIds = new Set([...runs.values()].map(({ workflowId }) => workflowId));
    // `Activity started` is logged before the activity gets the log fields of its run.
    const ofRuns = lines().filter(
      ({ workflow_id, msg }) => workflowIds.has(String(workflow_id)) && msg !== 'Activity started',
    );
    const byClient = ofRuns.filter(
      ({ workflow_type, workflow_id }) =>
        workflow_type === 'orderCreation' && workflow_id !== runs.get('started-by-hand')?.workflowId,
    );

    expect(byClient.length).toBeGreaterThan(scenarios.length * 4);
    expect(ofRuns.filter(({ run_id }) => run_id === undefined)).toEqual([]);
    expect(
      byClient.filter(
        ({ workflow_id, request_id }) => String(workflow_id).replace('order-creation-', 'request-') !== request_id,
      ),
    ).toEqual([]);
  });

  it('names the order in the lines of a linked one and of the steps that came after its record', () => {
    const ofIt = lines().filter(({ workflow_id }) => workflow_id === runs.get('good-path')?.workflowId);
    const steps = ofIt.filter(
      ({ activity, msg }) =>
        ['createRideNDineOrder', 'saveLinkIds'].includes(String(activity)) && msg === 'Activity completed',
    );
    const end = ofIt.find(({ msg }) => msg === 'order ended');

    expect(steps).toHaveLength(2);
    expect(end?.['order_id']).toEqual(expect.stringMatching(/^[\da-f-]{36}$/));
    expect([...new Set(steps.map(({ order_id }) => order_id))]).toEqual([end?.['order_id']]);
    expect(steps.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  });

  it('has no personal data in it, and neither have the metrics', async () => {
    expect(personalDataIn(log)).toEqual([]);
    expect(personalDataIn(await (await fetch(metricsUrl)).text())).toEqual([]);
  });
});

/** The gauges of waiting orders; -1 for a gauge that is missing. */
async function gaugesOfOrders(): Promise<number[]> {
  const all = await readMetrics(metricsUrl);
  const names = ['readable', 'in_review', 'oldest_in_review_seconds', 'unlinked', 'oldest_unlinked_seconds'];
  return names.map((name) => Math.round(all.find((sample) => sample.name === `cooco_orders_${name}`)?.value ?? -1));
}

function ago(seconds: number): Date {
  return new Date(Date.now() - seconds * 1000);
}

describe('the number of waiting orders', () => {
  it('is taken back while Directus cannot be read, and the worker says so once', async () => {
    const { metricMeter: meter, logger } = Runtime.instance();
    const port = await freePort();
    const directus = connectDirectus({ url: `http://127.0.0.1:${port}`, token: 'unused', timeoutMs: 1000 });
    const store = createOrdersStore(directus);
    const answers = [{ inReview: 2, oldestInReview: ago(600), unlinked: 1, oldestUnlinked: ago(60) }];
    let calls = 0;
    const orders = {
      async countWaitingOrders() {
        calls += 1;
        return answers.shift() ?? (await store.countWaitingOrders());
      },
    };
    const stop = reportWaitingOrders({ orders, meter, logger, intervalMs: 300 });
    try {
      await pWaitFor(async () => (await gaugesOfOrders())[0] === 1, { timeout: 60_000 });
      expect(await gaugesOfOrders()).toEqual([1, 2, 600, 1, 60]);
      await pWaitFor(() => calls >= 4, { timeout: 60_000 });
      expect(await gaugesOfOrders()).toEqual([0, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    } finally {
      stop();
    }
    const told = lines().filter(({ msg }) => String(msg).startsWith('The waiting orders cannot be counted'));
    expect(told).toMatchObject([{ level: 'warn', msg: expect.stringContaining('Directus cannot be reached.') }]);
  });
});
