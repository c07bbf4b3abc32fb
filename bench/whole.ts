import { fileURLToPath } from 'node:url';
import { baseEnvironment } from '../stack/child-environment.ts';
import { freePort } from '../stack/free-port.ts';
import type { Progress } from '../stack/progress.ts';
import { failOnCrash } from '../stack/supervisor.ts';
import { waitUntilReady } from '../stack/wait-until-ready.ts';
import type { RunningStack } from '../test/support/running-stack.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { measureAtRest, measureLoad } from './measured-load.ts';
import type { AtRest } from './measured-load.ts';
import { startOneProcess } from './one-process.ts';
import type { OneProcess } from './one-process.ts';
import { readOrderHistories } from './order-histories.ts';
import type { OrderHistories } from './order-histories.ts';
import type { WholeResult } from './result.ts';
import { cellsOf, ratiosOf, saturationOf } from './summary.ts';
import type { Sample } from './summary.ts';
import { temporalFlags } from './temporal-flags.ts';
import { failWhenAborted } from './until-aborted.ts';
import type { PlacedOrder } from './whole-quotes.ts';
import { openWholeSite, requireSession, untilAnswered } from './whole-site.ts';
import type { WholeSite } from './whole-site.ts';

/**
 * From the click to `payment_session_id`: by gateway and workflow, by both in one process, or by a handler that forgets what
 * a crash cuts off.
 */
export const wholeVariants = ['durable', 'one process', 'plain'] as const;
export type WholeVariant = (typeof wholeVariants)[number];

export interface WholePlan {
  rounds: number;
  /** How long RideNDine takes to answer. */
  partnersMs: number[];
  /** Callers at a time. */
  parallel: number[];
  /** Of each variant, before anything is measured. */
  warmUpOrders: number;
  ordersFor(parallel: number): number;
  atRestMs: number;
}

/** What `wholeResult` makes a result of. */
export interface WholeMeasurement {
  samples: Sample[];
  atRest: AtRest;
  /** Of orders that were alone. */
  histories: OrderHistories;
  historiesPartnerMs: number;
  databaseBytesPerOrder: number;
  temporalFlags: string[];
}

const READY_TIMEOUT_MS = 30_000;
const CALL_TIMEOUT_MS = 120_000;
/** Callers of a warm-up: enough that connections are open on all sides. */
const WARM_UP_PARALLEL = 8;
/** So many orders' histories tell what one of them is made of. */
const HISTORY_SAMPLE = 50;

/** Runs the variants side by side on one stack: in each round one after the other, the first one last the next time. */
export async function measureWhole(options: {
  plan: WholePlan;
  progress: Progress;
  /** Ends everything; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<WholeMeasurement> {
  const { plan, progress, signal } = options;
  const site = await progress.step('Stack', () => openWholeSite());
  const cleanUps: (() => Promise<void>)[] = [() => site.stop()];
  try {
    const oneProcess = await startOneProcess(site.world, untilAnswered);
    cleanUps.push(() => oneProcess.stop());
    const plain = await startPlainHandler(site.world);
    cleanUps.push(() => plain.stop());
    const measured = measureOn({ site, oneProcess, plain, plan, progress });
    return await Promise.race([measured, failOnCrash(site.world.stack), failWhenAborted(signal)]);
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

export function wholeResult({ samples, ...rest }: WholeMeasurement): WholeResult {
  return {
    ...rest,
    cells: cellsOf(samples),
    ratios: [...ratiosOf(samples, 'durable', 'plain'), ...ratiosOf(samples, 'one process', 'plain')],
    saturation: saturationOf(samples),
  };
}

async function measureOn(options: {
  site: WholeSite;
  oneProcess: OneProcess;
  plain: PlainHandler;
  plan: WholePlan;
  progress: Progress;
}): Promise<WholeMeasurement> {
  const { site, oneProcess, plain, plan, progress } = options;
  const place: Record<WholeVariant, (order: PlacedOrder) => Promise<void>> = {
    durable: site.place,
    'one process': async (order) => requireSession(await oneProcess.post(order, AbortSignal.timeout(CALL_TIMEOUT_MS))),
    plain: async (order) => requireSession(await plain.post(order)),
  };
  const pids = { ...site.pids, 'gateway with worker': oneProcess.pid, 'plain handler': plain.pid };
  const samples: Sample[] = [];
  for (const variant of wholeVariants) {
    const orders = await site.newOrders(plan.warmUpOrders);
    await measureLoad({ pids, atRest: {}, orders, parallel: WARM_UP_PARALLEL, place: place[variant] });
  }
  const atRest = await measureAtRest(pids, plan.atRestMs);
  const databaseBytes = await site.databaseBytes();
  const alone = { partnerMs: Math.min(...plan.partnersMs), parallel: Math.min(...plan.parallel) };
  const aloneKeys: string[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const variants = round % 2 === 1 ? wholeVariants : wholeVariants.toReversed();
    await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
      for (const partnerMs of plan.partnersMs) {
        await site.letPartnerTake(partnerMs);
        for (const parallel of plan.parallel) {
          for (const variant of variants) {
            doing(`${variant}, partner ${partnerMs} ms, ${parallel} in parallel`);
            const orders = await site.newOrders(plan.ordersFor(parallel));
            const load = await measureLoad({ pids, atRest, orders, parallel, place: place[variant] });
            samples.push({ ...load, variant, round, partnerMs, parallel });
            if (variant === 'durable' && partnerMs === alone.partnerMs && parallel === alone.parallel) {
              aloneKeys.push(...orders.map(({ key }) => key));
            }
          }
        }
      }
    });
  }
  return {
    samples,
    atRest,
    histories: await readOrderHistories(site.world.temporal, aloneKeys.slice(-HISTORY_SAMPLE)),
    historiesPartnerMs: alone.partnerMs,
    databaseBytesPerOrder: ((await site.databaseBytes()) - databaseBytes) / ordersIn(samples),
    temporalFlags: temporalFlags(pids['temporal']),
  };
}

function ordersIn(samples: Sample[]): number {
  return samples.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
}

interface PlainHandler {
  pid: number;
  post(order: PlacedOrder): Promise<Response>;
  stop(): Promise<void>;
}

async function startPlainHandler({ stack }: RunningStack): Promise<PlainHandler> {
  const { supervisor, stop } = await openSupervisedFolder('order-creation-plain');
  const url = `http://127.0.0.1:${await freePort()}`;
  try {
    const part = supervisor.spawn({
      name: 'plain-handler',
      command: process.execPath,
      args: [fileURLToPath(new URL('plain-handler-process.ts', import.meta.url))],
      env: {
        ...baseEnvironment(process.env),
        DIRECTUS_URL: stack.urls.directus,
        DIRECTUS_TOKEN: stack.secrets.directusServiceToken,
        RIDENDINE_BASE_URL: stack.urls.ridendine,
        RIDENDINE_API_KEY: stack.secrets.ridendineApiKey,
        PORT: new URL(url).port,
      },
    });
    await waitUntilReady({
      name: 'The plain handler',
      part,
      timeoutMs: READY_TIMEOUT_MS,
      isReady: async () => (await fetch(`${url}/healthz`)).ok,
    });
    return {
      pid: part.pid,
      post: ({ key, checkout }) =>
        fetch(`${url}/v1/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(checkout),
          signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
        }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
