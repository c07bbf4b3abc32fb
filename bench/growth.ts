import { fileURLToPath } from 'node:url';
import { connectDirectus } from '../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../src/integrations/directus/orders-store.ts';
import type { OrdersStore } from '../src/integrations/directus/orders-store.ts';
import { ORDER_CREATION_TASK_QUEUE } from '../src/contract/runs.ts';
import { baseEnvironment } from '../stack/child-environment.ts';
import type { Progress } from '../stack/progress.ts';
import { hasPoller } from '../stack/temporal/has-poller.ts';
import { waitUntilReady } from '../stack/wait-until-ready.ts';
import { connectToPostgres } from '../test/support/postgres-session.ts';
import type { PostgresSession } from '../test/support/postgres-session.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { workerEnvironment } from '../test/support/worker-process.ts';
import { askOfAllOrders, dropStatusIndex, medianQuestions } from './growth-questions.ts';
import type { QuestionTimes } from './growth-questions.ts';
import { growthPointsOf, twinOf, withProcessesTogether } from './growth-summary.ts';
import type { GrowthSample } from './growth-summary.ts';
import { measureAtRest, measureLoad } from './measured-load.ts';
import type { Pids } from './measured-load.ts';
import { readOrderHistories } from './order-histories.ts';
import type { GrowthResult } from './result.ts';
import { storeOrders } from './stored-orders.ts';
import { failWhenAborted } from './until-aborted.ts';
import { openWholeSite } from './whole-site.ts';
import type { WholeSite } from './whole-site.ts';

export interface GrowthPlan {
  rounds: number;
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  /** On each stack, before anything is measured. */
  warmUpOrders: number;
  ordersFor(parallel: number): number;
  atRestMs: number;
  /** What grows, each by itself: how many there are, and how many callers at a time. */
  stored: Axis;
  workers: Axis;
  items: Axis;
}

interface Axis {
  values: number[];
  parallel: number[];
}

/** A value of what grows, and where orders meet it. */
interface Place {
  at: number;
  site: WholeSite;
  pids: Pids;
  /** Items of an order. */
  items: number;
  /** As much as another place has, to tell how far two differ that do not differ. */
  isTwin?: boolean;
}

interface StoredPlace extends Place {
  session: PostgresSession;
  orders: OrdersStore;
  /** What was asked of all its orders, in each round. */
  asked: QuestionTimes[];
}

/** So many items has an order, unless their number is what grows. */
const USUAL_ITEMS = 2;

/** No lost orders are looked for: what is put into the database beside the orders is nothing to be carried on. */
const withoutSweep = { WORKER_SWEEP: 'off' };

const WARM_UP_PARALLEL = 8;
const QUESTION_TIMEOUT_MS = 60_000;
/** Orders of one size leave the same. */
const HISTORY_SAMPLE = 3;
const READY_TIMEOUT_MS = 60_000;

/** Measures what becomes of an order as there are more orders, workers and items: one of them at a time. */
export async function measureGrowth(options: {
  plan: GrowthPlan;
  progress: Progress;
  /** Ends everything; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<GrowthResult> {
  const { plan, progress, signal } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const crashed = Promise.withResolvers<never>();
  const bench: Bench = {
    plan,
    progress,
    whenDone: (stop) => void stops.push(stop),
    missed: (crash) => void crash.then(crashed.reject),
    async openSite() {
      const opening = openWholeSite(withoutSweep);
      // One that is still on its way when everything ends is waited for, and stopped as well.
      stops.push(() => opening.then((site) => site.stop(), ignore));
      const site = await opening;
      bench.missed(site.world.stack.crash);
      await site.letPartnerTake(plan.partnerMs);
      return site;
    },
  };
  const onSites = async <T>(measure: (bench: Bench) => Promise<T>): Promise<T> => {
    try {
      return await Promise.race([measure(bench), crashed.promise, failWhenAborted(signal)]);
    } finally {
      for (const stop of stops.splice(0).toReversed()) await stop();
    }
  };
  return {
    partnerMs: plan.partnerMs,
    stored: await onSites(measureStored),
    workers: await onSites(measureWorkers),
    items: await onSites(measureItems),
  };
}

/** What the axes have in common. */
interface Bench {
  plan: GrowthPlan;
  progress: Progress;
  openSite(): Promise<WholeSite>;
  /** Called when the axis is measured, the last first. */
  whenDone: (stop: () => Promise<void>) => void;
  /** A process whose end ends everything. */
  missed: (crash: Promise<Error>) => void;
}

/** Each number of orders has a stack of its own, so that they can take turns. */
async function measureStored(bench: Bench): Promise<GrowthResult['stored']> {
  const { plan } = bench;
  const fewest = Math.min(...plan.stored.values);
  const places: StoredPlace[] = [];
  for (const at of plan.stored.values) places.push(await openStoredPlace(bench, at));
  places.push({ ...(await openStoredPlace(bench, fewest)), isTwin: true });
  const samples = await measureAxis(bench, 'orders in Directus', plan.stored, places, async () => {
    for (const { orders, asked } of places) asked.push(await askOfAllOrders(orders));
  });
  const sizes: GrowthResult['stored']['sizes'] = [];
  for (const { at, isTwin, site, session, orders, asked } of places) {
    if (isTwin) continue;
    const databaseBytes = await site.databaseBytes();
    await dropStatusIndex(session);
    const withoutIndex = await askOfAllOrders(orders);
    sizes.push({
      at,
      databaseBytes,
      questionsMs: medianQuestions(asked),
      withoutStatusIndexMs: medianQuestions([withoutIndex]),
    });
  }
  return {
    points: growthPointsOf(samples.filter(({ isTwin }) => !isTwin)),
    twin: twinOf(samples.filter(({ at }) => at === fewest)),
    sizes,
  };
}

function openStoredPlace(bench: Bench, at: number): Promise<StoredPlace> {
  return bench.progress.step(`${at} orders`, async (doing) => {
    const site = await bench.openSite();
    const [model] = await site.newOrders(1, USUAL_ITEMS);
    if (model === undefined) throw new Error('There is no order to make copies of.');
    await site.place(model);
    const session = await connectToPostgres(site.postgres);
    bench.whenDone(() => session.close());
    await storeOrders(session, { count: at, likeQuote: model.checkout.quote_id, doing });
    const { urls, secrets } = site.world.stack;
    const directus = { url: urls.directus, token: secrets.directusServiceToken, timeoutMs: QUESTION_TIMEOUT_MS };
    const orders = createOrdersStore(connectDirectus(directus));
    return { at, site, pids: site.pids, items: USUAL_ITEMS, session, orders, asked: [] };
  });
}

/** Each number of workers has a stack of its own, so that none has to start, and get warm, in the middle. */
async function measureWorkers(bench: Bench): Promise<GrowthResult['workers']> {
  const { plan, progress } = bench;
  const places: Place[] = [];
  for (const at of plan.workers.values) {
    places.push(
      await progress.step(`${at} worker${at === 1 ? '' : 's'}`, async () => {
        const site = await bench.openSite();
        const pids: Pids = { ...site.pids };
        for (let nth = 2; nth <= at; nth += 1) pids[`worker ${nth}`] = await startAnotherWorker(bench, site);
        return { at, site, pids, items: USUAL_ITEMS };
      }),
    );
  }
  return { points: growthPointsOf(await measureAxis(bench, 'worker processes', plan.workers, places)) };
}

async function measureItems(bench: Bench): Promise<GrowthResult['items']> {
  const { plan, progress } = bench;
  const site = await progress.step('Orders of any size', () => bench.openSite());
  const places = plan.items.values.map((at) => ({ at, site, pids: site.pids, items: at }));
  const samples = await measureAxis(bench, 'items of an order', plan.items, places);
  const sizes: GrowthResult['items']['sizes'] = [];
  for (const { at } of places) {
    const orders = await site.newOrders(HISTORY_SAMPLE, at);
    for (const order of orders) await site.place(order);
    const { bytes } = await readOrderHistories(
      site.world.temporal,
      orders.map(({ key }) => key),
    );
    sizes.push({ at, historyBytes: bytes });
  }
  return { points: growthPointsOf(samples), sizes };
}

/** Under each load the values take turns, in each round; the first one is the last in the next. */
async function measureAxis(
  { plan, progress }: Bench,
  what: string,
  { parallel: levels }: Axis,
  places: Place[],
  atEndOfRound?: () => Promise<void>,
): Promise<GrowthSample[]> {
  const ready: (Place & { atRest: Awaited<ReturnType<typeof measureAtRest>> })[] = [];
  await progress.step('Warming up', async () => {
    const stacks = new Set(places.map(({ site }) => site)).size;
    for (const { site, pids, items } of places) {
      const orders = await site.newOrders(Math.ceil((plan.warmUpOrders * stacks) / places.length), items);
      await measureLoad({ pids, atRest: {}, orders, parallel: WARM_UP_PARALLEL, place: site.place });
    }
    for (const place of places) ready.push({ ...place, atRest: await measureAtRest(place.pids, plan.atRestMs) });
  });
  const samples: GrowthSample[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const inTurn = round % 2 === 1 ? ready : ready.toReversed();
    await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
      for (const parallel of levels) {
        for (const { at, isTwin = false, site, pids, items, atRest } of inTurn) {
          doing(`${at} ${what}, ${parallel} in parallel`);
          const orders = await site.newOrders(plan.ordersFor(parallel), items);
          const load = await measureLoad({ pids, atRest, orders, parallel, place: site.place });
          const cpuMs = withProcessesTogether(load.cpuMs);
          samples.push({ ...load, cpuMs, at, isTwin, round, parallel, partnerMs: plan.partnerMs });
        }
      }
      doing('questions');
      await atEndOfRound?.();
    });
  }
  return samples;
}

/** Beside the stack's own, with the same settings. @returns its process id. */
async function startAnotherWorker(bench: Bench, { world, workerSettings }: WholeSite): Promise<number> {
  const { supervisor, stop } = await openSupervisedFolder('order-creation-worker');
  bench.whenDone(stop);
  bench.missed(supervisor.crash);
  const worker = supervisor.spawn({
    name: 'worker',
    command: process.execPath,
    args: [fileURLToPath(new URL('../src/worker/main.ts', import.meta.url))],
    env: { ...baseEnvironment(process.env), ...workerEnvironment(world), ...workerSettings },
  });
  const { temporal } = world.stack;
  const isReady = () => hasPoller({ temporal, taskQueue: ORDER_CREATION_TASK_QUEUE, pid: worker.pid });
  await waitUntilReady({ name: 'The worker', part: worker, timeoutMs: READY_TIMEOUT_MS, isReady });
  return worker.pid;
}

function ignore(): void {}
