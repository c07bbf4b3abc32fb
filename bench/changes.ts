import { randomUUID } from 'node:crypto';
import type { Progress } from '../stack/progress.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { testEncryptionKeys } from '../test/support/test-encryption.ts';
import { stallsInBurst } from './bursts.ts';
import { AS_IS } from './change-variants.ts';
import type { ChangeVariant } from './change-variants.ts';
import { changePointsOf } from './changes-summary.ts';
import { measureAtRest, measureLoad } from './measured-load.ts';
import type { OrchestrationPlan } from './orchestration.ts';
import type { ChangesResult } from './result.ts';
import { figureOf } from './statistics.ts';
import type { Sample } from './summary.ts';
import { startDevServer } from './temporal-servers.ts';
import { failWhenAborted } from './until-aborted.ts';
import { openWaitingSite, WAITS_MS } from './waiting-site.ts';
import type { WaitingSite } from './waiting-site.ts';
import { openWorkflowBundles } from './workflow-bundles.ts';
import type { WorkflowBundles } from './workflow-bundles.ts';

const WARM_UP_PARALLEL = 8;
/** Orders of a burst: more than there are polls for new ones. */
const BURST_ORDERS = 32;
/** So many variants come between two turns of as it is: how far those lie apart tells what a difference is worth. */
const AS_IT_IS_EVERY = 4;

export interface ChangesPlan extends OrchestrationPlan {
  /** Many orders at the same time, so often in each turn. */
  bursts: number;
}

type Turn = Omit<ChangeVariant, 'kind' | 'title' | 'about'>;

/** As `npm start` runs it, its data in memory. */
const asItIs: Turn = { variant: AS_IS };

/**
 * Runs the real workflow, its steps replaced by waits, as it is and with one thing changed at a time. Each variant has a
 * server and a worker of its own, which run for its turn alone: idle ones would take part of the others' cores.
 */
export async function measureChanges(options: {
  plan: ChangesPlan;
  variants: ChangeVariant[];
  progress: Progress;
  /** Ends everything; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<ChangesResult> {
  const { plan, variants, progress, signal } = options;
  const turns = variants.flatMap((turn, index) => (index % AS_IT_IS_EVERY === 0 ? [asItIs, turn] : [turn]));
  const samples: Sample[] = [];
  const stalls: ChangesResult['bursts']['stalls'] = {};
  const readyMs = { bundled: [] as number[], bundling: [] as number[] };
  let temporalFlags: string[] = [];
  const { dataDir, stop: removeFolder } = await openSupervisedFolder('order-creation-bundles');
  try {
    const bundles = openWorkflowBundles(dataDir);
    await progress.step('Workflows', async (doing) => {
      doing('compiling');
      for (const turn of turns) await bundleOf(turn, bundles);
    });
    for (let round = 1; round <= plan.rounds; round += 1) {
      await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
        for (const turn of inTurn(turns, round)) {
          doing(turn.variant);
          const site = await openTurn(turn, await bundleOf(turn, bundles));
          if (turn.variant === AS_IS) {
            readyMs.bundled.push(site.workerReadyMs);
            temporalFlags = site.server.flags;
          }
          const measured = await whileOpen(site, () => measureTurn(site, turn.variant, round, plan), signal);
          samples.push(...measured.samples);
          const { bursts, stalled } = stalls[turn.variant] ?? { bursts: 0, stalled: 0 };
          stalls[turn.variant] = { bursts: bursts + plan.bursts, stalled: stalled + measured.stalled };
        }
        doing('a worker that compiles the workflows');
        const site = await openTurn(asItIs);
        readyMs.bundling.push(await whileOpen(site, async () => site.workerReadyMs, signal));
      });
    }
  } finally {
    await removeFolder();
  }
  return {
    waitsMs: WAITS_MS,
    points: changePointsOf(samples, AS_IS),
    bursts: { orders: BURST_ORDERS, stalls },
    workerReadyMs: { bundled: figureOf(readyMs.bundled), bundling: figureOf(readyMs.bundling) },
    temporalFlags,
  };
}

/** A third of them further on in each round, so that what slows the machine down for a while hits others. */
function inTurn(turns: Turn[], round: number): Turn[] {
  const first = ((round - 1) * Math.ceil(turns.length / 3)) % turns.length;
  return [...turns.slice(first), ...turns.slice(0, first)];
}

async function bundleOf(
  { encryptionKeys = testEncryptionKeys, interceptor, workflow }: Turn,
  bundles: WorkflowBundles,
) {
  return await bundles.bundleFor({ encryptionKeys, interceptor, workflow });
}

async function openTurn(
  { storage = 'memory', server, worker, encryptionKeys, preload, lookEveryMs }: Turn,
  bundle?: string,
): Promise<WaitingSite> {
  return await openWaitingSite(await startDevServer(storage, server), {
    ...(worker && { options: worker }),
    ...(encryptionKeys !== undefined && { encryptionKeys }),
    ...(preload !== undefined && { preload }),
    ...(lookEveryMs !== undefined && { lookEveryMs }),
    ...(bundle !== undefined && { bundle }),
  });
}

/** The site is stopped in the end. */
async function whileOpen<Result>(site: WaitingSite, use: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    return await Promise.race([use(), failWhenAborted(signal)]);
  } finally {
    await site.stop();
  }
}

async function measureTurn(
  { pids, place }: WaitingSite,
  variant: string,
  round: number,
  plan: ChangesPlan,
): Promise<{ samples: Sample[]; stalled: number }> {
  await measureLoad({ pids, atRest: {}, orders: newKeys(plan.warmUpOrders), parallel: WARM_UP_PARALLEL, place });
  const atRest = await measureAtRest(pids, plan.atRestMs);
  const samples: Sample[] = [];
  for (const parallel of plan.parallel) {
    const load = await measureLoad({ pids, atRest, orders: newKeys(plan.ordersFor(parallel)), parallel, place });
    samples.push({ ...load, variant, round, partnerMs: null, parallel });
  }
  let stalled = 0;
  for (let burst = 0; burst < plan.bursts; burst += 1) {
    if (await stallsInBurst(newKeys(BURST_ORDERS), place)) stalled += 1;
  }
  return { samples, stalled };
}

function newKeys(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}
