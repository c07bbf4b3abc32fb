import { ORDER_CREATION_TASK_QUEUE } from '../src/contract/runs.ts';
import { freePort } from '../stack/free-port.ts';
import { gatewayWithWorkerCommand } from '../stack/parts.ts';
import { readStackSettings } from '../stack/settings.ts';
import { hasPoller } from '../stack/temporal/has-poller.ts';
import { waitUntilReady } from '../stack/wait-until-ready.ts';
import { newOrderNamespace } from '../test/support/order-namespace.ts';
import type { RunningStack } from '../test/support/running-stack.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import type { PlacedOrder } from './whole-quotes.ts';

const READY_TIMEOUT_MS = 60_000;

/** Gateway and worker in one process, beside those of the stack. */
export interface OneProcess {
  pid: number;
  post(order: PlacedOrder, signal: AbortSignal): Promise<Response>;
  stop(): Promise<void>;
}

/** In a namespace of its own on the stack's Temporal: in one namespace, each worker would take the other's orders. */
export async function startOneProcess(
  { stack, temporal: { connection } }: RunningStack,
  environment: Record<string, string>,
): Promise<OneProcess> {
  const { supervisor, stop } = await openSupervisedFolder('order-creation-one-process');
  try {
    const temporal = await newOrderNamespace(connection, stack.temporal.address);
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const part = supervisor.spawn(
      gatewayWithWorkerCommand({
        settings: readStackSettings({
          HOME: process.env['HOME'],
          PATH: process.env['PATH'],
          ...environment,
          GATEWAY_PORT: port,
          // The orders of the stack's own worker have their runs elsewhere.
          WORKER_SWEEP: 'off',
        }),
        secrets: stack.secrets,
        temporal,
        directusUrl: stack.urls.directus,
        ridendineUrl: stack.urls.ridendine,
      }),
    );
    await waitUntilReady({
      name: 'The gateway with its worker',
      part,
      timeoutMs: READY_TIMEOUT_MS,
      isReady: async () =>
        (await hasPoller({ temporal, taskQueue: ORDER_CREATION_TASK_QUEUE, pid: part.pid })) &&
        (await fetch(`${url}/healthz`)).ok,
    });
    return {
      pid: part.pid,
      post: ({ key, checkout }, signal) =>
        fetch(`${url}/v1/orders`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${stack.secrets.gatewayKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(checkout),
          signal,
        }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
