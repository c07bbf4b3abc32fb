import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';
import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { workflowSources } from '../../src/worker/workflow-code.ts';
import { openSupervisedFolder } from '../../test/support/supervised-folder.ts';
import { testEncryptionKeys } from '../../test/support/test-encryption.ts';
import { bundleWorkflows } from '../../test/support/workflow-bundle.ts';
import { whileRunning } from '../lifetime.ts';
import type { Measurement } from '../lifetime.ts';
import { Meter, warmUp } from '../load.ts';
import type { LoadPlan } from '../load.ts';
import type { NamedChange } from '../named-changes.ts';
import type { Measured } from '../results.ts';
import { startDevServer } from '../temporal-servers.ts';
import { newKeys, openWaitingSite } from '../waiting-site.ts';

/** What each change is compared with: the product as `npm start` runs it, with Temporal's data in memory. */
export const AS_IT_IS = 'as it is';

/** An unchanged turn comes before each group of this many changes, and one at the end. Their spread is the noise. */
const AS_IT_IS_EVERY = 4;
/** Orders of a burst: more than the worker has polls for new orders. */
const BURST_ORDERS = 32;
/** A burst stalls if no order is done for this long. Orders are done far more often if the cores keep up. */
const STALL_MS = 1000;

export interface ChangesPlan extends LoadPlan {
  changes: NamedChange[];
  /** How many bursts each turn has. */
  bursts: number;
}

type Turn = Omit<NamedChange, 'kind' | 'about'>;

/**
 * Measures the orchestration with one thing changed at a time. Each turn has a new server and a new worker. No other
 * server or worker runs meanwhile, because even idle workers poll.
 */
export async function measureChanges({
  plan,
  progress,
  signal,
}: Measurement<ChangesPlan>): Promise<Measured<'changes'>> {
  const asItIs: Turn = { name: AS_IT_IS };
  const turns = [
    ...plan.changes.flatMap((change, index) => (index % AS_IT_IS_EVERY === 0 ? [asItIs, change] : [change])),
    asItIs,
  ];
  const samples: Measured<'changes'>['samples'] = [];
  const bursts: Measured<'changes'>['bursts'] = {};
  const workerReadyMs: Measured<'changes'>['workerReadyMs'] = {};
  const folder = await openSupervisedFolder('order-creation-bundles');
  try {
    const bundles = new Map<string, string>();
    await progress.step('Workflows', async () => {
      for (const turn of turns) await bundleOf(turn, folder.dataDir, bundles);
    });
    for (let round = 1; round <= plan.rounds; round += 1) {
      await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
        for (const turn of rotated(turns, round)) {
          doing(turn.name);
          const bundle = await bundleOf(turn, folder.dataDir, bundles);
          await whileRunning(signal, async (start) => {
            const server = await start(() => startDevServer(turn.storage ?? 'memory', turn.server));
            const site = await start(() =>
              openWaitingSite(server, { ...turn, ...(!turn.compiledAtStart && { bundle }) }),
            );
            (workerReadyMs[turn.name] ??= []).push(site.readyMs);
            await warmUp(newKeys(plan.warmUpOrders), site.place);
            const meter = await Meter.open(site.pids, plan.atRestMs);
            for (const parallel of plan.parallel) {
              const measured = await meter.measure(newKeys(plan.ordersFor(parallel)), parallel, site.place);
              samples.push({ variant: turn.name, round, partnerMs: null, ...measured });
            }
            const counted = (bursts[turn.name] ??= { all: 0, stalled: 0 });
            for (let burst = 0; burst < plan.bursts; burst += 1) {
              counted.all += 1;
              if (await stallsInBurst(newKeys(BURST_ORDERS), site.place)) counted.stalled += 1;
            }
          });
        }
      });
    }
  } finally {
    await folder.stop();
  }
  return { samples, ordersInBurst: BURST_ORDERS, bursts, workerReadyMs };
}

/** Each round begins a third of the turns later, so that a slow phase of the machine affects other turns each time. */
function rotated(turns: Turn[], round: number): Turn[] {
  const first = ((round - 1) * Math.ceil(turns.length / 3)) % turns.length;
  return [...turns.slice(first), ...turns.slice(0, first)];
}

/** Compiles the workflows of a turn, or finds them if they are already compiled. @returns the path of the bundle. */
async function bundleOf(turn: Turn, folder: string, known: Map<string, string>): Promise<string> {
  const { encryptionKeys = testEncryptionKeys, interceptor, workflow, preloaded, keepsModules } = turn;
  const dataConverter = dataConverterFor(parseEncryptionKeys(encryptionKeys));
  const kind = JSON.stringify([dataConverter.failureConverterPath, interceptor, workflow, preloaded, keepsModules]);
  const made = known.get(kind);
  if (made !== undefined) return made;
  const { workflowInterceptorModules: modules = [], workflowsPath } = workflowSources(dataConverter);
  const interceptors = [
    ...(workflow === undefined ? modules : []),
    ...(interceptor === undefined ? [] : [interceptor]),
  ];
  const { code } = await bundleWorkflows(workflow === undefined ? dataConverter : {}, {
    ...(workflow !== undefined && { workflowsPath: workflow }),
    workflowInterceptorModules: interceptors,
    preloadModules: [
      ...(preloaded === undefined ? [] : [preloaded]),
      ...(keepsModules ? [workflow ?? workflowsPath, ...interceptors] : []),
    ],
  });
  const file = path.join(folder, `workflow-bundle-${known.size}.js`);
  await writeFile(file, code);
  known.set(kind, file);
  return file;
}

/**
 * Places all of `orders` at the same time.
 *
 * @returns whether no order was done for a second or longer, although others were under way.
 */
export async function stallsInBurst(orders: string[], place: (order: string) => Promise<void>): Promise<boolean> {
  const doneAt: number[] = [];
  await Promise.all(
    orders.map(async (order) => {
      await place(order);
      doneAt.push(performance.now());
    }),
  );
  return doneAt.some((at, index) => at - (doneAt[index - 1] ?? at) >= STALL_MS);
}
