import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { dataConverterFor } from '../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../src/temporal/encryption-keys.ts';
import type { Progress } from '../stack/progress.ts';
import { testEncryptionKeys } from '../test/support/test-encryption.ts';
import { measureAtRest, measureLoad } from './measured-load.ts';
import type { AtRest } from './measured-load.ts';
import { readOrderHistories } from './order-histories.ts';
import type { OrchestrationResult } from './result.ts';
import { cellsOf, overheadsOf } from './summary.ts';
import type { Sample } from './summary.ts';
import type { BenchServer } from './temporal-servers.ts';
import { failWhenAborted } from './until-aborted.ts';
import { openWaitingSite, WAITS_MS } from './waiting-site.ts';
import type { WaitingSite } from './waiting-site.ts';

/** The waits alone, one after the other: what the orchestration is measured against. */
const PLAIN = 'plain';

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

/** A site and what is known of it by now. */
interface Site extends WaitingSite {
  atRest: AtRest;
  /** Of orders that were alone. */
  aloneKeys: string[];
  /** Since then `databaseBytes` counts. */
  databaseBytesBefore: number | undefined;
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
        sites.push({ ...(await openWaitingSite(server)), atRest: {}, aloneKeys: [], databaseBytesBefore: undefined });
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

async function readHistories({ address, namespace }: BenchServer['settings'], keys: string[]) {
  const connection = await Connection.connect({ address });
  try {
    const dataConverter = dataConverterFor(parseEncryptionKeys(testEncryptionKeys));
    return await readOrderHistories(new Client({ connection, namespace, dataConverter }), keys);
  } finally {
    await connection.close();
  }
}
