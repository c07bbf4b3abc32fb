import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pWaitFor from 'p-wait-for';
import type { RestartablePart } from '../../stack/start-part.ts';
import { startHttpFront } from '../support/http-front.ts';
import { startTcpServer } from '../support/loopback-servers.ts';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { startProgram } from '../support/start-program.ts';
import { startWorkerProcess, workerEnvironment } from '../support/worker-process.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const WAITING_MS = 60_000;

let world: RunningStack;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  world = await startRunningStack();
  await world.stack.parts.worker.stop({ signal: 'SIGTERM' });
}, 360_000);
afterAll(() => world?.stop());
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.kill();
});

describe('a worker that is told to stop', () => {
  it('takes nothing new, and finishes what it waits for at RideNDine, which is not asked again', async () => {
    const first = await startWorker({ WORKER_SHUTDOWN_GRACE: '20s' });
    const slow = await beginSlowOrder(6000);

    first.signal('SIGTERM');
    const later = await begin();
    const ended = await first.exited;

    expect(ended).toEqual({ code: 0, signal: null });
    expect(await stageOf(later.key)).toBe('VALIDATING');
    await expect(world.sandboxOrdersOf(slow.orderId)).resolves.toHaveLength(1);

    await startWorker();
    await untilLinked(slow.key);
    await untilLinked(later.key);
    await expect(world.sandboxAttemptsOf(slow.orderId)).resolves.toHaveLength(1);
  }, 240_000);

  it('finishes the workflow task in which it links an order: nobody has to repeat it', async () => {
    const writing = Promise.withResolvers<void>();
    const directus = await startHttpFront({
      target: world.stack.urls.directus,
      async hold({ method, path }) {
        if (method !== 'PATCH' || path?.startsWith('/items/orders') !== true) return;
        writing.resolve();
        await delay(2000);
      },
    });
    const first = await startWorker({ DIRECTUS_URL: directus.url, WORKER_SHUTDOWN_GRACE: '20s' });
    const { key } = await begin();
    await writing.promise;

    first.signal('SIGTERM');
    const ended = await first.exited;
    await directus.close();

    expect(ended).toEqual({ code: 0, signal: null });
    await startWorker();
    await untilLinked(key);
    const { events } = await world.temporal.workflow.getHandle(`order-creation-${key}`).fetchHistory();
    const given = events?.filter(({ workflowTaskStartedEventAttributes: task }) => task) ?? [];
    const completed = events?.filter(({ workflowTaskCompletedEventAttributes: task }) => task) ?? [];
    expect([given.length, completed.length]).toEqual([2, 2]);
  }, 240_000);

  it('ends at once if it is told so again, and another worker brings the order to its end', async () => {
    // With one signal, the worker would end when RideNDine has answered, or after an hour.
    const first = await startWorker({ WORKER_SHUTDOWN_GRACE: '1h' });
    const slow = await beginSlowOrder(10_000);

    const before = stateChanges(first);
    first.signal('SIGTERM');
    await pWaitFor(() => stateChanges(first) > before, { interval: 20, timeout: 60_000 });
    first.signal('SIGINT');
    const ended = await first.exited;

    expect(ended).toEqual({ code: 1, signal: null });
    expect(first.output()).toContain('The worker was told to stop a second time, and ends at once');

    await startWorker();
    await untilLinked(slow.key);
    await expect(world.sandboxOrdersOf(slow.orderId)).resolves.toHaveLength(1);
  }, 240_000);
});

describe('a worker that is told to stop while it waits for a Temporal that does not answer', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at once, in order: %s',
    async (signal) => {
      const silent = await startTcpServer(() => {});
      const worker = startProgram('worker', {
        ...workerEnvironment(world),
        TEMPORAL_ADDRESS: new URL(silent.url).host,
      });
      await pWaitFor(() => silent.connections.length > 0, { timeout: WAITING_MS });
      process.kill(worker.pid, signal);
      const { exitCode } = await worker.ended;
      await silent.close();

      // If the worker had gone on waiting, it would have failed because Temporal does not answer.
      expect(exitCode).toBe(0);
    },
    240_000,
  );
});

describe.each(['gateway', 'codecServer'] as const)('the %s, while somebody still sends a request', (name) => {
  it('ends at once if it is told to stop a second time', async () => {
    const part = world.stack.parts[name];
    if (part === undefined) throw new Error(`The stack has no ${name}.`);
    const url = new URL((name === 'gateway' ? world.stack.urls.gateway : world.stack.urls.codec) ?? '');
    const caller = await sendHalfOfARequest(url);
    const stopping = part.stop({ signal: 'SIGTERM' });
    await pWaitFor(() => isRefused(url), { interval: 20, timeout: 60_000 });
    process.kill(part.pid, 'SIGTERM');
    const { code } = await part.exited;
    await stopping;
    caller.destroy();

    // Without the second signal, the process would wait for the rest of the request, and then end with 0.
    expect(code).toBe(1);
    expect(await logOf(part)).toContain('was told to stop a second time, and ends at once');
    await part.start();
  }, 240_000);
});

async function startWorker(environment: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await startWorkerProcess({ ...workerEnvironment(world), ...environment });
  workers.push(worker);
  return worker;
}

/** How often the SDK has logged that the worker changed its state, as it does when it begins to stop. */
function stateChanges(worker: WorkerProcess): number {
  return worker.output().split('Worker state changed').length - 1;
}

async function begin(quoteId?: (id: string) => Promise<void>): Promise<{ key: string; quoteId: string }> {
  const key = randomUUID();
  const checkout = await world.newCheckout();
  await quoteId?.(checkout.quote_id);
  await world.post(key, checkout, { prefer: 'wait=0' });
  return { key, quoteId: checkout.quote_id };
}

/** Begins an order for which a call to RideNDine is under way. RideNDine takes `ms` milliseconds to answer. */
async function beginSlowOrder(ms: number): Promise<{ key: string; orderId: string }> {
  const { key, quoteId } = await begin((quote_id) => world.addFault({ kind: 'latency', ms, quote_id }));
  let orderId = '';
  await pWaitFor(
    async () => {
      orderId = (await world.ordersOf(quoteId))[0]?.id ?? '';
      return orderId !== '' && (await world.sandboxAttemptsOf(orderId)).length === 1;
    },
    { interval: 50, timeout: WAITING_MS },
  );
  return { key, orderId };
}

async function stateOf(key: string): Promise<Record<string, unknown>> {
  return (await (await world.get(key)).json()) as Record<string, unknown>;
}

async function stageOf(key: string): Promise<unknown> {
  return (await stateOf(key))['stage'];
}

async function untilLinked(key: string): Promise<void> {
  await pWaitFor(async () => (await stageOf(key)) === 'LINKED', { interval: 200, timeout: WAITING_MS });
}

async function sendHalfOfARequest(url: URL): Promise<Socket> {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.write('POST /v1/orders HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n', () => resolve());
  });
  return socket;
}

async function isRefused({ origin }: URL): Promise<boolean> {
  return await fetch(`${origin}/healthz`, { headers: { connection: 'close' } }).then(
    () => false,
    (error: Error) => (error.cause as { code?: string }).code === 'ECONNREFUSED',
  );
}

async function logOf(part: RestartablePart): Promise<string> {
  return await readFile(part.logFile, 'utf8');
}
