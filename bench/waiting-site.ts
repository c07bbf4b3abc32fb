import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerOptions } from '@temporalio/worker';
import { OrderCreationClient } from '../src/client/index.ts';
import { withoutCallStacks } from '../stack/program-file.ts';
import { hasPoller } from '../stack/temporal/has-poller.ts';
import { newCheckoutRequest } from '../test/support/builders.ts';
import { testEncryptionKeys } from '../test/support/test-encryption.ts';
import { startProgram } from './lifetime.ts';
import type { Program } from './lifetime.ts';
import type { Pids } from './processes.ts';
import type { TemporalServer } from './temporal-servers.ts';

/** How long the four steps wait: two at Directus, one at RideNDine, one at Directus. */
export const WAITS_MS = [5, 5, 20, 5];

const ORDER_TIMEOUT_MS = 120_000;

/** A worker whose steps wait instead of doing something, and a client that places orders as a gateway does. */
export interface WaitingSite extends Program {
  pids: Pids;
  /** @throws Error if the order is not done in time. */
  place: (key: string) => Promise<void>;
}

/** The differences between this site and the product. */
export interface SiteChanges {
  /** Options of the worker, as far as JSON can carry them. */
  worker?: Partial<WorkerOptions>;
  /** Path of the compiled workflows; without it they are compiled when the worker starts. */
  bundle?: string;
  encryptionKeys?: string;
  /** Settings of the worker's process. */
  env?: Record<string, string>;
  /** Options of Node, in addition to the usual ones. */
  nodeArguments?: string[];
  /** If given, a caller asks for the order again after this time, instead of waiting for its end by one request. */
  lookEveryMs?: number;
}

export async function openWaitingSite(
  { settings, pids }: TemporalServer,
  changes: SiteChanges = {},
): Promise<WaitingSite> {
  const { worker = {}, bundle, encryptionKeys = testEncryptionKeys, env, nodeArguments = [], lookEveryMs } = changes;
  const program = await startProgram({
    name: 'waiting-worker',
    file: 'bench/waiting-worker.ts',
    nodeArguments: [...withoutCallStacks(), ...nodeArguments],
    env: {
      TEMPORAL_ADDRESS: settings.address,
      TEMPORAL_NAMESPACE: settings.namespace,
      ENCRYPTION_KEYS: encryptionKeys,
      WAITS_MS: WAITS_MS.join(','),
      WORKER_OPTIONS: JSON.stringify(worker),
      ...(bundle !== undefined && { WORKFLOW_BUNDLE: bundle }),
      ...env,
    },
    isReady: (pid) => hasPoller(settings, pid),
  });
  const client = OrderCreationClient.connect({ ...settings, encryptionKeys });
  return {
    ...program,
    pids: { ...pids, worker: program.pid },
    async place(key) {
      const request = newCheckoutRequest({ idempotency_key: key });
      const deadline = Date.now() + ORDER_TIMEOUT_MS;
      let { state } = await client.createOrder(request, {
        timeoutMs: lookEveryMs === undefined ? ORDER_TIMEOUT_MS : 0,
      });
      while (state === 'IN_PROGRESS' && Date.now() < deadline) {
        await delay(lookEveryMs);
        ({ state } = await client.waitForOrder(key, { timeoutMs: 0 }));
      }
      if (state !== 'SUCCEEDED') throw new Error(`An order was not done within ${ORDER_TIMEOUT_MS / 1000} s.`);
    },
    async stop() {
      await client.close();
      await program.stop();
    },
  };
}

export function newKeys(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}
