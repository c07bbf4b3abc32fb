import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import { orderCreationWorkflowId } from '../../src/contract/runs.ts';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import { askedOften, startEmbeddedTemporal } from '../support/embedded-temporal.ts';
import type { EmbeddedTemporal } from '../support/embedded-temporal.ts';
import { expectDone, runProgram } from '../support/run-program.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const LONG_MS = 90_000;

interface Order {
  key: string;
  checkout: DemoCheckout;
}

interface BuildStatus {
  build_id: string | null;
  state: string;
  percent?: number;
  workers: number;
  open_orders: number;
}

let server: EmbeddedTemporal;
let world: RunningStack;
const workers: WorkerProcess[] = [];
let oldWorker: WorkerProcess;

beforeAll(async () => {
  server = await startEmbeddedTemporal('file', askedOften);
  const { address, namespace } = server.settings;
  world = await startRunningStack({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
}, 360_000);
afterAll(async () => {
  for (const worker of workers) await worker.kill();
  await world?.stop();
  await server?.stop();
});

// Each of these tests goes on where the test before it has left the installation.
describe('an installation whose workers had no build', () => {
  it('has a build that nobody makes current take nothing, and say so', async () => {
    oldWorker = await startBuild('one');
    const orders = await Promise.all(Array.from({ length: 5 }, () => place()));
    await allLinked(orders);

    expect(new Set(await buildsIn(orders))).toEqual(new Set(['none']));
    expect(oldWorker.output()).toContain(
      'This is build one, and it takes no orders: workers without a build take them',
    );
    expect(oldWorker.output()).toContain('npm run deployment -- current one');
    const status = await deployment('status');
    expect(status.stdout).toMatch(/^one +new +1 +0$/m);
    expect(status.stdout).toContain('Build one takes nothing: npm run deployment -- ramp one 10');
    const doctor = await runProgram('doctor', ['--json'], environment());
    expect(workersOf(doctor.stdout)).toMatchObject({
      verdict: 'warning',
      finding: 'Workers that take orders: 1. Workers that take none, as their build is not current: 1 (build one).',
    });
  }, 240_000);

  it('hands its orders to the first build that is made current, those in review too', async () => {
    const inReview = await Promise.all(Array.from({ length: 3 }, () => placeForReview()));
    await allInReview(inReview);

    const made = await deployment('current', 'one');
    await world.stack.parts.worker.stop({ signal: 'SIGTERM' });

    expectDone(made);
    expect(made.stdout).toContain('Build one is current');
    expect(made.stdout).toContain('To go back: npm run deployment -- current --unversioned');
    const order = await place();
    await Promise.all(inReview.map((each) => decide(each)));
    await allLinked([order, ...inReview]);
    expect(await buildsIn([order])).toEqual(['one']);
    for (const each of inReview) expect(await buildsIn([each])).toEqual(['none', 'one']);
  }, 240_000);
});

describe('an upgrade with 50 orders in flight', () => {
  it('is walked with the commands: no order fails, none is made twice, and the old workers are stopped', async () => {
    const inReview = await Promise.all(Array.from({ length: 15 }, () => placeForReview()));
    await allInReview(inReview);
    const retried = await placeMany(15, (order) => failing(order));
    const begun = await placeMany(15, (order) => slow(order, 12_000));

    // The command waits for the first worker of the build. It hears of a worker that runs already only now and then.
    const [ramped, newWorker] = await Promise.all([deployment('ramp', 'two', '50'), startBuild('two')]);
    const meanwhile = await placeMany(5, (order) => slow(order, 3000));
    const status = await builds();
    const made = await deployment('current', 'two');
    await world.clearFaults();
    const drained = await deployment('drained', 'one', '--wait', '60s');
    oldWorker.signal('SIGTERM');
    const ended = await oldWorker.exited;
    await Promise.all(inReview.map((each) => decide(each)));
    const orders = [...begun, ...retried, ...inReview, ...meanwhile];
    await allLinked(orders);

    expect(orders).toHaveLength(50);
    for (const each of [ramped, made, drained]) expectDone(each);
    expect(ramped.stdout).toContain('Build two takes 50 % of the orders');
    expect(status.slice(0, 2)).toMatchObject([
      { build_id: 'two', state: 'ramping', percent: 50, workers: 1 },
      { build_id: 'one', state: 'current', workers: 1 },
    ]);
    expect(made.stdout).toContain('npm run deployment -- drained one');
    expect(drained.stdout).toContain('Build one is drained: its workers (1) can be stopped.');
    expect(ended).toEqual({ code: 0, signal: null });
    expect(newWorker.output()).toContain('This is build two, and it takes no orders: build one take');

    // The old build began these orders, and the new build brought them to their end.
    for (const order of [...inReview, ...retried]) expect(await buildsIn([order])).toEqual(['one', 'two']);
    for (const order of orders) {
      const { taskFailures } = await historyOf(order);
      expect(taskFailures).toBe(0);
      await expectOneLinkedOrder(order);
    }
    expect((await builds()).slice(0, 2)).toMatchObject([
      { build_id: 'two', state: 'current', open_orders: 0 },
      { build_id: 'one', state: 'drained', open_orders: 0 },
    ]);
  }, 360_000);

  it('is refused a build that has no workers, and goes back to one that has', async () => {
    const missing = await deployment('current', 'three', '--wait', '1s');
    const old = await deployment('drained', 'two');
    workers.push(await startWorkerProcess({ ...workerEnvironment(world), WORKER_BUILD_ID: 'one' }));
    const back = await deployment('current', 'one');
    const order = await place();
    await allLinked([order]);

    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect(missing.stderr).toContain('No worker of build "three" has asked for orders within 1s');
    expect(old).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Build two is current') });
    expectDone(back);
    expect(await buildsIn([order])).toEqual(['one']);
  }, 240_000);
});

function environment(): Record<string, string> {
  const { temporal, secrets } = world.stack;
  return {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  };
}

function deployment(...args: string[]) {
  return runProgram('deployment', args, environment());
}

async function builds(): Promise<BuildStatus[]> {
  const { stdout } = await deployment('status', '--json');
  return (JSON.parse(stdout) as { builds: BuildStatus[] }).builds;
}

function workersOf(report: string): unknown {
  return (JSON.parse(report) as { checks: { check: string }[] }).checks.find(({ check }) => check === 'workers');
}

async function startBuild(buildId: string): Promise<WorkerProcess> {
  const worker = await startWorkerProcess({ ...workerEnvironment(world), WORKER_BUILD_ID: buildId });
  workers.push(worker);
  return worker;
}

/** Begins an order, after `prepare` has told the sandbox what to do with it. Does not wait for the result. */
async function place(prepare: (checkout: DemoCheckout) => Promise<void> = async () => {}): Promise<Order> {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  await prepare(checkout);
  const { status } = await world.post(key, checkout, { prefer: 'wait=0' });
  expect([200, 201, 202]).toContain(status);
  return { key, checkout };
}

async function placeMany(count: number, prepare: (checkout: DemoCheckout) => Promise<void>): Promise<Order[]> {
  return Promise.all(Array.from({ length: count }, () => place(prepare)));
}

function slow({ quote_id }: DemoCheckout, ms: number): Promise<void> {
  return world.addFault({ kind: 'latency', ms, quote_id });
}

/** Lets every attempt at RideNDine fail until the faults are cleared. */
function failing({ quote_id }: DemoCheckout): Promise<void> {
  return world.addFault({ kind: 'status', status: 503, times: null, quote_id });
}

/** RideNDine makes the order but answers 503, then refuses the next attempt. So nobody can tell whether it was made. */
function placeForReview(): Promise<Order> {
  return place(async ({ quote_id }) => {
    await world.addFault({ kind: 'status', status: 503, stored: 'before', quote_id });
    await world.addFault({ kind: 'status', status: 422, quote_id });
  });
}

async function stateOf({ key }: Order): Promise<Record<string, unknown>> {
  return (await (await world.get(key)).json()) as Record<string, unknown>;
}

async function allInReview(orders: Order[]): Promise<void> {
  for (const order of orders) {
    await pWaitFor(async () => (await stateOf(order))['stage'] === 'NEEDS_REVIEW', { interval: 200, timeout: LONG_MS });
  }
}

async function allLinked(orders: Order[]): Promise<void> {
  for (const order of orders) {
    await pWaitFor(
      async () => {
        const state = await stateOf(order);
        if (state['state'] === 'FAILED') throw new Error(`An order failed: ${JSON.stringify(state)}`);
        return state['state'] === 'SUCCEEDED';
      },
      { interval: 200, timeout: LONG_MS },
    );
  }
}

async function decide({ checkout }: Order): Promise<void> {
  const [order] = await world.ordersOf(checkout.quote_id);
  const by = ['--actor', 'agent-7', '--reason', 'Ticket 1'];
  const { exitCode, stderr } = await runProgram('review', ['retry', order?.id ?? '', ...by], environment());
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
}

/** The builds that took steps of the runs of these orders, in the order in which they came. */
async function buildsIn(orders: Order[]): Promise<string[]> {
  const each = await Promise.all(orders.map((order) => historyOf(order)));
  return [...new Set(each.flatMap((history) => history.builds))];
}

async function historyOf({ key }: Order): Promise<{ builds: string[]; taskFailures: number }> {
  const { events } = await world.temporal.workflow.getHandle(orderCreationWorkflowId(key)).fetchHistory();
  const completed = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: task }) => (task ? [task] : []));
  return {
    builds: completed.map(({ deploymentVersion }) => deploymentVersion?.buildId || 'none'),
    taskFailures: (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length,
  };
}

async function expectOneLinkedOrder({ checkout }: Order): Promise<void> {
  const [order, ...others] = await world.ordersOf(checkout.quote_id);
  expect(others).toEqual([]);
  expect(order).toMatchObject({ status: 'PENDING_PAYMENT', ridendine_order_id: expect.any(String) });
  const made = await world.sandboxOrdersOf(order?.id ?? '');
  expect(made.map((each) => each.ridendine_order_id)).toEqual([order?.['ridendine_order_id']]);
}
