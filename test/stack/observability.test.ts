import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import pWaitFor from 'p-wait-for';
import { exposedName, workerMetrics } from '../../src/telemetry/metrics.ts';
import type { WorkerMetric } from '../../src/telemetry/metrics.ts';
import type { OrderCreationState } from '../../src/contract/runs.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpServer } from '../support/loopback-servers.ts';
import { alertRules, dashboardExpressions, metricsIn, selectorsIn } from '../support/metrics-in-use.ts';
import { readMetrics } from '../support/read-metrics.ts';
import type { Sample } from '../support/read-metrics.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { textIn } from '../support/text-in.ts';

/** Free text of support staff. */
const REASON = 'Ticket 17, the customer Canary called twice.';

let world: RunningStack;
let metricsAddress: string;
/** The orders' keys, by the names of the orders in these tests. */
const keys = { good: '', late: '', refused: '', failed: '', broken: '', review: '' };
/** What customers entered. */
const entered: string[] = [];
let workerSamples: Sample[];
let gatewaySamples: Sample[];

beforeAll(async () => {
  metricsAddress = `127.0.0.1:${await freePort()}`;
  world = await startRunningStack({
    WORKER_METRICS_ADDRESS: metricsAddress,
    WORKER_SWEEP_INTERVAL: '2s',
    REVIEW_WINDOW: '1s',
    // More calls than these tests make, so that no order waits.
    RIDENDINE_MAX_CALLS_PER_SECOND: '100',
    GATEWAY_WAIT_MS: '60000',
  });
  await Promise.all([
    place('good'),
    place('late', [{ kind: 'reset', when: 'after_store' }]),
    place('refused', [], { fulfillment_method: 'PICKUP' }),
    place('failed', [{ kind: 'status', status: 422, detail: 'Canary Street is not served.' }]),
    place('broken', [{ kind: 'incomplete_body' }]),
    reviewed('review'),
    askForWhatNobodyKnows(),
  ]);
  const isLastCounted = async () => {
    workerSamples = await readMetrics(`http://${metricsAddress}/metrics`);
    return ['cooco_orders_readable', 'cooco_sweeps_total', 'temporal_workflow_task_execution_failed_total'].every(
      (name) => workerSamples.some((sample) => sample.name === name && sample.value > 0),
    );
  };
  await pWaitFor(isLastCounted, { timeout: 60_000 });
  // The SDK holds lines back for a moment, to write them in order.
  await pWaitFor(isEveryEndWritten, { interval: 100, timeout: 60_000 });
  gatewaySamples = await readMetrics(`${world.stack.urls.gateway}/metrics`);
}, 360_000);
afterAll(() => world.stop());

/** Places an order as `request-<name>`. */
async function place(name: keyof typeof keys, faults: Record<string, unknown>[] = [], changes: object = {}) {
  const key = randomUUID();
  keys[name] = key;
  const checkout = await world.newCheckout();
  entered.push(...textsIn(checkout.shipping_snapshot ?? {}), String(checkout.customer_note));
  for (const fault of faults) await world.addFault({ ...fault, quote_id: checkout.quote_id });
  const headers = { 'x-request-id': `request-${name}`, ...(name === 'review' && { prefer: 'wait=0' }) };
  return await world.post(key, { ...checkout, ...changes }, headers);
}

async function reviewed(name: 'review') {
  await place(name, [
    { kind: 'reset', when: 'before_store' },
    { kind: 'status', status: 422 },
  ]);
  const handle = world.temporal.workflow.getHandle(`order-creation-${keys[name]}`);
  const isOverdue = async () => (await handle.query<OrderCreationState>('orderCreationState')).review_overdue === true;
  await pWaitFor(isOverdue, { interval: 200, timeout: 60_000 });
  await handle.executeUpdate('resolveReview', { args: [{ decision: 'retry', actor: 'agent-7', reason: REASON }] });
  await handle.result();
}

/** Starts a workflow that no worker of this build knows. */
async function askForWhatNobodyKnows() {
  await world.temporal.workflow.start('ofAnotherBuild', { workflowId: randomUUID(), taskQueue: 'order-creation' });
}

function textsIn(value: object): string[] {
  return Object.values(value).filter((text): text is string => typeof text === 'string' && text.length > 4);
}

type Line = Record<string, unknown>;

async function linesOf(part: 'worker' | 'gateway' | 'codecServer'): Promise<Line[]> {
  const text = await readFile(world.stack.parts[part]?.logFile ?? '', 'utf8');
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

const isEveryEndWritten = async () =>
  (await linesOf('worker')).filter(({ msg }) => msg === 'order ended').length >= Object.keys(keys).length;

const ofOrder = async (name: keyof typeof keys) =>
  (await linesOf('worker')).filter(({ workflow_id }) => workflow_id === `order-creation-${keys[name]}`);

async function failedIn(name: keyof typeof keys): Promise<Line[]> {
  return (await ofOrder(name)).filter(({ msg }) => msg === 'attempt failed');
}

async function explanationsAt(address: string): Promise<string[][]> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return [...text.matchAll(/^# HELP (cooco_\w+) (.+)$/gm)].map(([, ...nameAndHelp]) => nameAndHelp);
}

describe('the metrics of a worker and a gateway', () => {
  it('are all there', () => {
    const names = new Set(workerSamples.map(({ name }) => name));
    const missing = Object.entries(workerMetrics)
      .map(([metric, { kind }]) => exposedName(metric as WorkerMetric) + (kind === 'histogram' ? '_count' : ''))
      .filter((name) => !names.has(name));

    expect(missing).toEqual([]);
  });

  it('say what they are', async () => {
    const ofWorker = Object.entries(workerMetrics).map(([metric, { help }]) => [
      exposedName(metric as WorkerMetric),
      help,
    ]);

    await expect(explanationsAt(`http://${metricsAddress}`)).resolves.toEqual(expect.arrayContaining(ofWorker));
    const ofGateway = new Set((await explanationsAt(world.stack.urls.gateway)).map(([name]) => name));
    const unexplained = gatewaySamples
      .map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, ''))
      .filter((name) => name.startsWith('cooco_') && !ofGateway.has(name));
    expect(unexplained).toEqual([]);
  });

  it.each([
    ...alertRules().map(({ name, expr }) => [`the alert ${name}`, expr]),
    ...dashboardExpressions().map(({ panel, expr }) => [`the panel ${panel}`, expr]),
  ])('have what %s asks for', (_who, expr = '') => {
    const samples = [...workerSamples, ...gatewaySamples];
    const wanted = metricsIn(expr).filter((name) => name !== 'up');
    const faulty = selectorsIn(expr).filter(({ name, labels }) => {
      const ofName = samples.filter((sample) => sample.name === name);
      return name !== 'up' && labels.some((label) => !ofName.some((sample) => label in sample.labels));
    });

    expect(wanted.filter((name) => !samples.some((sample) => sample.name === name))).toEqual([]);
    expect(faulty).toEqual([]);
  });

  it('say what came of the orders', () => {
    const counted = workerSamples
      .filter(({ name }) => name === 'cooco_orders_total')
      .map(({ labels: { outcome, code }, value }) => `${outcome} ${code} ${value}`);

    expect(counted.toSorted()).toEqual(['failed RideNDineRejected 1', 'linked none 4', 'refused CheckoutInvalid 1']);
  });

  it('say how every call to RideNDine ended', () => {
    const counted = workerSamples
      .filter(({ name }) => name === 'cooco_partner_attempts_total')
      .map(({ labels: { outcome, code }, value }) => `${outcome} ${code} ${value}`);

    expect(counted.toSorted()).toEqual([
      'created none 4',
      'maybeSent RideNDineContractBroken 1',
      'maybeSent RideNDineUnavailable 2',
      'rejected RideNDineRejected 2',
    ]);
  });

  it('tell the waits of calls to RideNDine for their limit apart from those for a worker', () => {
    const waits = workerSamples.filter(
      ({ name }) => name === 'temporal_activity_schedule_to_start_latency_seconds_count',
    );

    expect(new Set(waits.map(({ labels }) => labels['task_queue']))).toEqual(
      new Set(['order-creation', 'order-creation-ridendine']),
    );
  });

  it('have no label but those of the table, those of the SDK apart', () => {
    const ofTheSdk = new Set(['namespace', 'taskQueue', 'workflowType', 'activityType', 'le']);
    const strange = Object.entries(workerMetrics).flatMap(([metric, definition]) => {
      const tables: Readonly<Record<string, readonly string[]>> = definition.labels;
      return workerSamples
        .filter(({ name }) => name.replace(/_(bucket|sum|count)$/, '') === exposedName(metric as WorkerMetric))
        .flatMap(({ labels }) => Object.entries(labels))
        .filter(([label, value]) => !ofTheSdk.has(label) && !tables[label]?.includes(value));
    });

    expect(strange).toEqual([]);
  });
});

describe('the logs', () => {
  it.each(['worker', 'gateway', 'codecServer'] as const)('of the %s are of one form', async (part) => {
    const lines = await linesOf(part);
    const others = lines.filter(
      ({ time, level, name, msg }) =>
        !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(String(time)) ||
        !['trace', 'debug', 'info', 'warn', 'error'].includes(String(level)) ||
        typeof name !== 'string' ||
        typeof msg !== 'string',
    );

    expect(lines.length).toBeGreaterThan(0);
    expect(others).toEqual([]);
  });

  it('of the worker have no warning about its start', async () => {
    const lines = await linesOf('worker');
    // The first run may be the one that the worker does not know. For that run, the SDK logs only the run's own id.
    const start = lines.slice(
      0,
      lines.findIndex(({ workflow_id, run_id }) => workflow_id !== undefined || run_id !== undefined),
    );

    expect(start.length).toBeGreaterThan(0);
    expect(start.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('of the worker end every order with one line: what came of it, why, and how long it took', async () => {
    const expected = {
      good: { outcome: 'linked', level: 'info' },
      late: { outcome: 'linked', level: 'info' },
      refused: { outcome: 'refused', code: 'CheckoutInvalid', level: 'info' },
      failed: { outcome: 'failed', code: 'RideNDineRejected', level: 'warn' },
      broken: { outcome: 'linked', level: 'info' },
      review: { outcome: 'linked', level: 'info' },
    };
    for (const [name, end] of Object.entries(expected)) {
      const lines = await ofOrder(name as keyof typeof keys);

      expect(lines.filter(({ msg }) => msg === 'order ended')).toMatchObject([
        { ...end, request_id: `request-${name}`, seconds: expect.any(Number) },
      ]);
      expect(lines.at(-1)?.['msg']).toBe('order ended');
    }
  });

  it('of the worker have a line for every failed attempt, and name its order, run, request, step and number', async () => {
    const step = { activity: 'createRideNDineOrder', attempt: 1, run_id: expect.any(String) };
    const [order] = await world.sandboxOrdersOf((await orderIdOf('late')) ?? '');

    expect(order).toBeDefined();
    expect(await failedIn('good')).toEqual([]);
    expect(await failedIn('late')).toMatchObject([
      {
        ...step,
        level: 'warn',
        code: 'RideNDineUnavailable',
        outcome: 'maybeSent',
        tried_again: true,
        request_id: 'request-late',
        order_id: await orderIdOf('late'),
      },
    ]);
    expect(await failedIn('refused')).toMatchObject([
      { activity: 'validateCheckout', level: 'info', code: 'CheckoutInvalid', tried_again: false },
    ]);
    expect(await failedIn('broken')).toMatchObject([{ ...step, level: 'error', code: 'RideNDineContractBroken' }]);
    expect(await failedIn('review')).toMatchObject([
      { ...step, outcome: 'maybeSent' },
      { ...step, attempt: 2, code: 'RideNDineRejected', outcome: 'rejected', status: 422, tried_again: false },
    ]);
  });

  it('of the worker name run and request in every line about an order', async () => {
    for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
      const lines = await ofOrder(name);

      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter(({ run_id, request_id }) => !run_id || request_id !== `request-${name}`)).toEqual([]);
    }
  });

  it('have no personal data in them, and neither have the metrics', async () => {
    const personal = [...entered, 'Customer One', '+1 555 0101', 'customer-one@example.com', 'Canary', 'agent-7'];
    const told = [
      ...(await linesOf('worker')),
      ...(await linesOf('gateway')),
      ...(await linesOf('codecServer')),
      ...workerSamples,
      ...gatewaySamples,
    ];

    expect(entered.length).toBeGreaterThan(6);
    expect(personal.filter((datum) => textIn(told).includes(datum))).toEqual([]);
  });
});

async function orderIdOf(name: keyof typeof keys): Promise<string | undefined> {
  const answer = (await (await world.get(keys[name])).json()) as { order_id?: string };
  return answer.order_id;
}

/** Runs the health check of the compose file, with another address. */
async function isHealthy(address: string): Promise<boolean> {
  const compose = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const [quoted] = /^ +- ("fetch\('http:\/\/127\.0\.0\.1:9464\/metrics.*")$/m.exec(compose)?.slice(1) ?? [];
  const code = (JSON.parse(quoted ?? '""') as string).replace('127.0.0.1:9464', address);
  expect(code).toContain(address);
  const { exitCode } = await execa(process.execPath, ['--eval', code], { reject: false, timeout: 10_000 });
  return exitCode === 0;
}

describe('the health check of the compose file', () => {
  it('is passed by a worker that asks for work, and not where nobody is', async () => {
    await expect(isHealthy(metricsAddress)).resolves.toBe(true);
    await expect(isHealthy(`127.0.0.1:${await freePort()}`)).resolves.toBe(false);
  });

  it('is not passed by a worker that asks for no work', async () => {
    const server = await startHttpServer((response) =>
      response.end('temporal_num_pollers{poller_type="workflow_task"} 0\ntemporal_request_total 5\n'),
    );
    try {
      await expect(isHealthy(new URL(server.url).host)).resolves.toBe(false);
    } finally {
      await server.close();
    }
  });
});

describe('a worker whose metrics cannot be told', () => {
  it('says so in a sentence and ends with exit code 1', async () => {
    const { host } = new URL(world.stack.urls.gateway);
    const address = host.replace('localhost', '127.0.0.1');

    const { exitCode, stderr, stdout } = await runProgram('worker', [], {
      TEMPORAL_ADDRESS: world.stack.temporal.address,
      DIRECTUS_URL: world.stack.urls.directus,
      DIRECTUS_TOKEN: 'unused',
      RIDENDINE_BASE_URL: world.stack.urls.ridendine,
      RIDENDINE_API_KEY: 'unused',
      ENCRYPTION_KEYS: 'off',
      WORKER_METRICS_ADDRESS: address,
    });

    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `The settings cannot be used:\n  WORKER_METRICS_ADDRESS: nothing can listen at ${address} (Address already in use). Is another program there?`,
    });
  });
});
