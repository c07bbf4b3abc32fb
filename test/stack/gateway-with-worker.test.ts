import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { TemporalSettings } from '../../src/config/temporal-settings.ts';
import { orderCreationWorkflowId } from '../../src/contract/runs.ts';
import { freePort } from '../support/free-port.ts';
import type { DemoCheckout } from '../../sandbox/shop/demo-data.ts';
import { hasPoller } from '../../stack/temporal/has-poller.ts';
import { holdPartner } from '../support/held-partner.ts';
import type { HeldPartner } from '../support/held-partner.ts';
import { newOrderNamespace } from '../support/order-namespace.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { startProgram } from '../support/start-program.ts';
import type { StartedProgram } from '../support/start-program.ts';
import { startTemporalFront } from '../support/temporal-front.ts';
import { workerEnvironment } from '../support/worker-process.ts';

const READY_MS = 60_000;
const LONG_MS = 60_000;
const PERMISSION_DENIED = 7;

/** A stack whose gateway and worker are one process. */
let world: RunningStack;
/** Other processes of this kind, each in its own namespace. */
const others: StartedProgram[] = [];

beforeAll(async () => {
  world = await startRunningStack({ STACK_ONE_PROCESS: 'on' });
}, 360_000);
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.stop()));
});
afterAll(() => world?.stop());

describe('a gateway with its worker', () => {
  it('makes one order of a checkout that is sent twice, in one process', async () => {
    const { gateway, worker } = world.stack.parts;
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const [first, second] = await Promise.all([world.post(key, checkout), world.post(key, checkout)]);

    expect(gateway.pid).toBe(worker.pid);
    expect(new Set([first.status, second.status])).toEqual(new Set([200, 201]));
    expect(await json(first)).toEqual(await json(second));
    const [order, ...noOther] = await world.ordersOf(checkout.quote_id);
    expect(noOther).toEqual([]);
    await expect(world.sandboxOrdersOf(order?.id ?? '')).resolves.toMatchObject([
      { ridendine_order_id: order?.['ridendine_order_id'], payment_session_id: order?.['payment_session_id'] },
    ]);
    const ready = await json(await fetch(`${world.stack.urls.gateway}/readyz`));
    expect(ready).toEqual({ status: 'ok', workers: 1 });
  });

  it('is handed the first task of an order with the answer to its start, and says so', async () => {
    const key = randomUUID();

    await world.post(key, await world.newCheckout());

    expect(await wasStartedEagerly(key)).toBe(true);
    expect(await readFile(world.stack.parts.gateway.logFile, 'utf8')).toContain('Orders are started eagerly');
  });

  it('answers a refused checkout, and what it knows of an order, as a gateway does', async () => {
    const key = randomUUID();
    const checkout = await world.newCheckout();
    const refused = await world.post(key, { ...checkout, fulfillment_method: 'PICKUP', shipping_snapshot: null });
    const created = await world.post(key, checkout);
    const reused = await world.post(key, await world.newCheckout());

    expect([refused.status, created.status, reused.status]).toEqual([422, 201, 422]);
    expect(await json(reused)).toMatchObject({ code: 'IdempotencyKeyReused' });
    expect(await json(await world.get(key))).toMatchObject({ state: 'SUCCEEDED', stage: 'LINKED' });
    expect((await world.get(randomUUID())).status).toBe(404);
  });
});

describe('a gateway with a worker of a build', () => {
  it('starts no order eagerly: it waits for the build that takes orders', async () => {
    const temporal = await ownNamespace();
    const other = await startOther(temporal, { WORKER_BUILD_ID: 'one' });
    const key = randomUUID();
    const checkout = await world.newCheckout();

    const begun = await other.post(key, checkout, { prefer: 'wait=1' });
    const before = await json(begun);
    // Does what `npm run deployment` does. That command would wait up to a minute for the worker's next request.
    await world.temporal.connection.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: temporal.namespace,
      deploymentName: 'order-creation',
      version: 'order-creation.one',
    });
    await pWaitFor(async () => (await other.post(key, checkout)).status === 200, { timeout: LONG_MS });

    expect([begun.status, before['stage']]).toEqual([202, 'VALIDATING']);
    expect(await wasStartedEagerly(key, temporal)).toBe(false);
    expect(other.program.output()).toContain('Orders are not started eagerly');
  }, 240_000);
});

describe('a gateway with its worker that is told to stop', () => {
  let partner: HeldPartner;
  beforeEach(async () => {
    partner = await holdPartner(world.stack.urls.ridendine);
  });
  afterEach(() => partner.close());

  it('has its worker bring an order to its end for the caller who waits, then ends in order', async () => {
    const { program, url, answer } = await beginHeldOrder({ WORKER_SHUTDOWN_GRACE: '60s' });

    process.kill(program.pid, 'SIGTERM');
    await untilRefused(url);
    partner.release();
    const response = await answer;
    const { exitCode } = await program.ended;

    expect(response.status).toBe(201);
    expect(response.headers.get('connection')).toBe('close');
    expect(exitCode).toBe(0);
  });

  it('tells a caller whose order takes longer how it stands, and the next process brings it to its end', async () => {
    const { program, temporal, key, answer } = await beginHeldOrder({ WORKER_SHUTDOWN_GRACE: '1s' });

    process.kill(program.pid, 'SIGTERM');
    const response = await answer;
    const { exitCode } = await program.ended;

    expect(response.status).toBe(202);
    expect(await json(response)).toMatchObject({ state: 'IN_PROGRESS', stage: 'CREATING_RIDENDINE_ORDER' });
    expect(exitCode).toBe(0);
    partner.release();
    const next = await startOther(temporal, { RIDENDINE_BASE_URL: partner.url });
    await pWaitFor(async () => (await json(await next.get(key)))['state'] === 'SUCCEEDED', { timeout: LONG_MS });
  });

  it('ends at once if it is told so again, which it would else do in an hour', async () => {
    const { program, url, answer } = await beginHeldOrder({ WORKER_SHUTDOWN_GRACE: '1h' });
    answer.catch(() => {});

    process.kill(program.pid, 'SIGTERM');
    await untilRefused(url);
    process.kill(program.pid, 'SIGINT');
    const { exitCode } = await program.ended;

    expect(exitCode).toBe(1);
    expect(program.output()).toContain('The gateway with its worker was told to stop a second time, and ends at once');
  });

  /** Begins an order in a separate process. A call to RideNDine is under way for it, and a caller waits. */
  async function beginHeldOrder(settings: Record<string, string>) {
    const temporal = await ownNamespace();
    const patient = { GATEWAY_WAIT_MS: '60000', RIDENDINE_TIMEOUT_MS: '60000' };
    const other = await startOther(temporal, { ...patient, ...settings, RIDENDINE_BASE_URL: partner.url });
    const key = randomUUID();
    const answer = other.post(key, await world.newCheckout());
    await partner.isAsked;
    return { ...other, temporal, key, answer };
  }
});

describe('a gateway with its worker whose Temporal', () => {
  it('is not there ends, and says why', async () => {
    const port = await freePort();
    const program = startProgram('worker/with-gateway', {
      ...environment(world.stack.temporal, await freePort()),
      TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    });

    const { exitCode, stderr } = await program.ended;

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The gateway with its worker stopped: TransportError/m);
    expect(stderr).toContain('npm run doctor');
  }, 240_000);

  it('goes away while it runs asks callers to come back, and goes on when Temporal does', async () => {
    const { temporal } = world.stack.parts;
    if (temporal === undefined) throw new Error('The stack has no Temporal.');
    const key = randomUUID();
    const checkout = await world.newCheckout();
    await temporal.stop({ signal: 'SIGKILL' });

    const [turnedAway, ready] = await Promise.all([
      world.post(key, checkout),
      fetch(`${world.stack.urls.gateway}/readyz`),
    ]);
    await temporal.start();

    for (const response of [turnedAway, ready]) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await json(response)).toMatchObject({ code: 'TemporalUnavailable', retryable: true });
    }
    // The SDK repeats requests by itself, and may have begun the order by now. It is the same order.
    await pWaitFor(async () => [200, 201].includes((await world.post(key, checkout)).status), { timeout: LONG_MS });
    expect(await world.ordersOf(checkout.quote_id)).toHaveLength(1);
  }, 240_000);
});

describe('a gateway with its worker that cannot go on', () => {
  it('ends when its port is taken, and says so', async () => {
    const program = startProgram(
      'worker/with-gateway',
      environment(await ownNamespace(), Number(new URL(world.stack.urls.gateway).port)),
    );

    const { exitCode, stderr } = await program.ended;

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The gateway with its worker stopped: .*EADDRINUSE/m);
  }, 240_000);

  it('ends with the failure of its worker, and answers nobody any more', async () => {
    const { address, namespace } = await ownNamespace();
    const front = await startTemporalFront({
      target: address,
      refuse: (path) => (path.includes('/Poll') ? PERMISSION_DENIED : undefined),
    });
    const port = await freePort();
    const program = startProgram('worker/with-gateway', environment({ address: front.address, namespace }, port));
    others.push(program);

    // For one minute, the SDK takes refusals for a temporary trouble.
    const { exitCode, stdout, stderr } = await program.ended;
    await front.close();

    expect(stdout).toContain(`Server listening at http://127.0.0.1:${port}`);
    expect(stdout).toContain('"Worker failed"');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The gateway with its worker stopped: .*failed/m);
  }, 240_000);
});

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

/** Waits until no new connection is taken any more. */
async function untilRefused(url: string): Promise<void> {
  const isRefused = () =>
    fetch(`${url}/healthz`, { headers: { connection: 'close' } }).then(
      () => false,
      () => true,
    );
  await pWaitFor(isRefused, { interval: 20, timeout: LONG_MS });
}

/** Whether Temporal handed out the first task of the order's run with the answer to its start. */
async function wasStartedEagerly(key: string, { namespace }: TemporalSettings = world.stack.temporal) {
  const { history } = await world.temporal.connection.workflowService.getWorkflowExecutionHistory({
    namespace,
    execution: { workflowId: orderCreationWorkflowId(key) },
    maximumPageSize: 1,
  });
  const [started] = history?.events ?? [];
  return started?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted;
}

function ownNamespace(): Promise<TemporalSettings> {
  return newOrderNamespace(world.temporal.connection, world.stack.temporal.address);
}

function environment({ address, namespace }: TemporalSettings, port: number): Record<string, string> {
  return {
    ...workerEnvironment(world),
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    GATEWAY_PORT: String(port),
    GATEWAY_API_KEYS: world.stack.secrets.gatewayKey,
    WORKER_SWEEP: 'off',
  };
}

/** Starts another process. Resolves when it takes both requests and orders: it may poll before it listens. */
async function startOther(
  temporal: TemporalSettings,
  settings: Record<string, string> = {},
): Promise<{
  program: StartedProgram;
  url: string;
  get(key: string): Promise<Response>;
  post(key: string, body: DemoCheckout, headers?: Record<string, string>): Promise<Response>;
}> {
  const port = await freePort();
  const program = startProgram('worker/with-gateway', { ...environment(temporal, port), ...settings });
  others.push(program);
  const polls = () => hasPoller(temporal, program.pid);
  const isUp = pWaitFor(async () => program.output().includes('Server listening') && (await polls()), {
    interval: 200,
    timeout: READY_MS,
  });
  const isOver = program.ended.then(({ stderr }) => {
    throw new Error(`It ended before it was ready: ${stderr}`);
  });
  await Promise.race([isUp, isOver]);
  const url = `http://127.0.0.1:${port}`;
  const authorization = `Bearer ${world.stack.secrets.gatewayKey}`;
  return {
    program,
    url,
    get: (key) => fetch(`${url}/v1/orders/${key}`, { headers: { authorization } }),
    post: (key, body, headers = {}) =>
      fetch(`${url}/v1/orders`, {
        method: 'POST',
        headers: {
          authorization,
          'content-type': 'application/json',
          'idempotency-key': key,
          ...headers,
        },
        body: JSON.stringify(body),
      }),
  };
}
