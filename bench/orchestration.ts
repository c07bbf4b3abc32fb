import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { OrderCreationClient } from '../src/client/index.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/domain/order-creation.ts';
import { dataConverterFor } from '../src/encryption/data-converter.ts';
import { parseEncryptionKeys } from '../src/encryption/encryption-keys.ts';
import { baseEnvironment } from '../stack/child-environment.ts';
import type { Progress } from '../stack/progress.ts';
import { hasPoller } from '../stack/temporal/has-poller.ts';
import { waitUntilReady } from '../stack/wait-until-ready.ts';
import { newCheckoutRequest } from '../test/support/builders.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { testEncryptionKeys } from '../test/support/test-encryption.ts';
import { measureAtRest, measureLoad } from './measured-load.ts';
import type { AtRest, Pids } from './measured-load.ts';
import { readOrderHistories } from './order-histories.ts';
import type { OrchestrationResult } from './result.ts';
import { cellsOf, overheadsOf } from './summary.ts';
import type { Sample } from './summary.ts';
import type { BenchServer } from './temporal-servers.ts';
import { failWhenAborted } from './until-aborted.ts';

/** The waits alone, one after the other: what the orchestration is measured against. */
const PLAIN = 'plain';

/** Of the four steps: two at Directus, one at RideNDine, one at Directus. */
const WAITS_MS = [5, 5, 20, 5];

const READY_TIMEOUT_MS = 60_000;
const ORDER_TIMEOUT_MS = 120_000;
const WARM_UP_PARALLEL = 8;
const HISTORY_SAMPLE = 50;

export interface OrchestrationPlan {
  rounds: number;
  /** Callers at a time. */
  parallel: number[];
  warmUpOrders: number;
  ordersFor(parallel: number): number;
  atRestMs: number;
}

/** A server with a worker of its own, and a client that places orders there as a gateway does. */
interface Site {
  server: BenchServer;
  pids: Pids;
  atRest: AtRest;
  place: (key: string) => Promise<void>;
  /** Of orders that were alone. */
  aloneKeys: string[];
  /** Since then `databaseBytes` counts. */
  databaseBytesBefore: number | undefined;
  stop(): Promise<void>;
}

/** Runs the real workflow, its steps replaced by waits, on each server, one after the other in each round. */
export async function measureOrchestration(options: {
  plan: OrchestrationPlan;
  /** Each is stopped in the end. */
  startServers: (() => Promise<BenchServer>)[];
  progress: Progress;
  /** Ends everything; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<OrchestrationResult> {
  const { plan, startServers, progress, signal } = options;
  const sites: Site[] = [];
  try {
    await progress.step('Temporal servers', async (doing) => {
      for (const start of startServers) {
        const server = await start();
        doing(server.title);
        sites.push(await openSite(server));
      }
    });
    return await Promise.race([measureOn(sites, plan, progress), failWhenAborted(signal)]);
  } finally {
    await Promise.all(sites.map((site) => site.stop()));
  }
}

async function measureOn(sites: Site[], plan: OrchestrationPlan, progress: Progress): Promise<OrchestrationResult> {
  const samples: Sample[] = [];
  for (const site of sites) {
    const orders = newKeys(plan.warmUpOrders);
    await measureLoad({ pids: site.pids, atRest: {}, orders, parallel: WARM_UP_PARALLEL, place: site.place });
    site.atRest = await measureAtRest(site.pids, plan.atRestMs);
    site.databaseBytesBefore = await site.server.databaseBytes?.();
  }
  for (let round = 1; round <= plan.rounds; round += 1) {
    // None is always the one that comes after the same other.
    const inTurn = round % 2 === 1 ? sites : sites.toReversed();
    await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
      for (const parallel of plan.parallel) {
        const about = { round, partnerMs: null, parallel };
        const base = { orders: newKeys(plan.ordersFor(parallel)), parallel, pids: {}, atRest: {} };
        samples.push({ ...(await measureLoad({ ...base, place: waitInTurn })), ...about, variant: PLAIN });
        for (const site of inTurn) {
          doing(`${site.server.title}, ${parallel} in parallel`);
          const orders = newKeys(plan.ordersFor(parallel));
          const { pids, atRest, place } = site;
          samples.push({
            ...(await measureLoad({ orders, parallel, pids, atRest, place })),
            ...about,
            variant: site.server.variant,
          });
          if (parallel === Math.min(...plan.parallel)) site.aloneKeys.push(...orders);
        }
      }
    });
  }
  return {
    waitsMs: WAITS_MS,
    cells: cellsOf(samples),
    overheads: overheadsOf(samples, PLAIN),
    servers: await Promise.all(sites.map((site) => describeSite(site, samples))),
  };
}

async function describeSite(
  { server, atRest, aloneKeys, databaseBytesBefore = 0 }: Site,
  samples: Sample[],
): Promise<OrchestrationResult['servers'][number]> {
  const { variant, title, flags, settings } = server;
  const bytes = await server.databaseBytes?.();
  const orders = samples
    .filter((sample) => sample.variant === variant)
    .reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
  return {
    variant,
    title,
    flags,
    atRest,
    histories: await readHistories(settings, aloneKeys.slice(-HISTORY_SAMPLE)),
    databaseBytesPerOrder: bytes === undefined ? null : (bytes - databaseBytesBefore) / orders,
  };
}

async function waitInTurn(): Promise<void> {
  for (const ms of WAITS_MS) await delay(ms);
}

function newKeys(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** The server is stopped if there is no site. */
async function openSite(server: BenchServer): Promise<Site> {
  const { supervisor, stop: stopWorker } = await openSupervisedFolder('order-creation-worker');
  const client = OrderCreationClient.connect({ ...server.settings, encryptionKeys: testEncryptionKeys });
  const stop = async () => {
    await client.close();
    await stopWorker();
    await server.stop();
  };
  try {
    const worker = supervisor.spawn({
      name: 'waiting-worker',
      command: process.execPath,
      args: [fileURLToPath(new URL('waiting-worker.ts', import.meta.url))],
      env: {
        ...baseEnvironment(process.env),
        TEMPORAL_ADDRESS: server.settings.address,
        TEMPORAL_NAMESPACE: server.settings.namespace,
        ENCRYPTION_KEYS: testEncryptionKeys,
        WAITS_MS: WAITS_MS.join(','),
      },
    });
    const isReady = () =>
      hasPoller({ temporal: server.settings, taskQueue: ORDER_CREATION_TASK_QUEUE, pid: worker.pid });
    await waitUntilReady({ name: 'The worker', part: worker, timeoutMs: READY_TIMEOUT_MS, isReady });
    return {
      server,
      pids: { ...server.pids, worker: worker.pid },
      atRest: {},
      place: async (key) => {
        const request = newCheckoutRequest({ idempotency_key: key });
        const outcome = await client.createOrder(request, { timeoutMs: ORDER_TIMEOUT_MS });
        if (outcome.state !== 'SUCCEEDED')
          throw new Error(`An order was not done within ${ORDER_TIMEOUT_MS / 1000} s.`);
      },
      aloneKeys: [],
      databaseBytesBefore: undefined,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readHistories({ address, namespace }: BenchServer['settings'], keys: string[]) {
  const connection = await Connection.connect({ address });
  try {
    const dataConverter = dataConverterFor(parseEncryptionKeys(testEncryptionKeys));
    return await readOrderHistories(new Client({ connection, namespace, dataConverter }), keys);
  } finally {
    await connection.close();
  }
}
