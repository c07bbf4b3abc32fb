import { median } from 'simple-statistics';
import { PAGE_SIZE } from '../../src/activities/continue-lost-orders.ts';
import { connectDirectus } from '../../src/integrations/directus/directus-client.ts';
import { createOrdersStore } from '../../src/integrations/directus/orders-store.ts';
import type { Progress } from '../../stack/progress.ts';
import { whileRunning } from '../lifetime.ts';
import type { Start } from '../lifetime.ts';
import { measureInTurns, openMeter, warmUp } from '../load.ts';
import type { LoadPlan, Variant } from '../load.ts';
import type { Measured, Sample } from '../results.ts';
import { storeOrders } from '../stored-orders.ts';
import { openWholeSite, readHistories } from '../whole-site.ts';
import type { PlacedOrder, WholeSite } from '../whole-site.ts';

export interface GrowthPlan extends Omit<LoadPlan, 'parallel'> {
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  /** What grows, each by itself: the values, the smallest first, and how many callers there are at a time. */
  stored: Axis;
  items: Axis;
}

interface Axis {
  values: number[];
  parallel: number[];
}

/** What `stored N`, the fewest, is measured against to see the noise: another stack with as many orders. */
export const STORED_AGAIN = 'stored again';

/** Items of an order, unless their number is what grows. */
const USUAL_ITEMS = 2;
/** Orders of one size leave the same. */
const HISTORIES = 3;
const QUESTIONS = 10;
const QUESTION_TIMEOUT_MS = 60_000;
/** The stored orders have no runs at Temporal: the sweep would take them for lost. */
const withoutSweep = { WORKER_SWEEP: 'off' };

/** What becomes of an order as there are more orders in Directus, or more items in it. */
export async function measureGrowth(options: {
  plan: GrowthPlan;
  progress: Progress;
  signal?: AbortSignal;
}): Promise<Measured<'growth'>> {
  const { plan, progress, signal } = options;
  const stored: Measured<'growth'>['stored'] = [];
  const items: Measured<'growth'>['items'] = [];
  const samples: Sample[] = [];

  await whileRunning(signal, async (start) => {
    const [fewest = 0, ...others] = plan.stored.values;
    const first = await progress.step('Stack', () => openSite(start, plan));
    // Before there are other stacks.
    const sizes: Variant<PlacedOrder>[] = [];
    for (const value of plan.items.values) sizes.push(await warmVariant(`items ${value}`, first, value, plan));
    samples.push(...(await measureAxis(plan, plan.items, sizes, progress)));
    for (const value of plan.items.values) {
      const orders = await first.newOrders(HISTORIES, value);
      await warmUp(orders, first.place);
      items.push({ items: value, history: await readHistories(first, orders) });
    }

    // Each number of orders has a stack of its own, so that the numbers can take turns.
    const sites = [{ orders: fewest, name: `stored ${fewest}`, site: first }];
    for (const orders of others) sites.push({ orders, name: `stored ${orders}`, site: await openSite(start, plan) });
    sites.push({ orders: fewest, name: STORED_AGAIN, site: await openSite(start, plan) });
    const variants: Variant<PlacedOrder>[] = [];
    for (const { orders, name, site } of sites) {
      await progress.step(name, (doing) => storePast(site, orders, doing));
      variants.push(await warmVariant(name, site, USUAL_ITEMS, plan));
    }
    samples.push(...(await measureAxis(plan, plan.stored, variants, progress)));
    for (const { orders, name, site } of sites) {
      if (name === STORED_AGAIN) continue;
      stored.push({ orders, databaseBytes: await site.databaseBytes(), ...(await askAboutAllOrders(site)) });
    }
  });
  return { samples, stored, items };
}

async function openSite(start: Start, plan: GrowthPlan): Promise<WholeSite> {
  const site = await start(() => openWholeSite(withoutSweep));
  await site.letPartnerTake(plan.partnerMs);
  return site;
}

async function storePast(site: WholeSite, count: number, doing: (what: string) => void): Promise<void> {
  const [model] = await site.newOrders(1, USUAL_ITEMS);
  if (model === undefined) throw new Error('There is no order to copy.');
  await site.place(model);
  await storeOrders(site.database, { count, likeQuote: model.checkout.quote_id, doing });
}

async function warmVariant(
  name: string,
  site: WholeSite,
  items: number,
  plan: GrowthPlan,
): Promise<Variant<PlacedOrder>> {
  const newOrders = (count: number) => site.newOrders(count, items);
  await warmUp(await newOrders(plan.warmUpOrders), site.place);
  return { name, meter: await openMeter(site.pids, plan.atRestMs), newOrders, place: site.place };
}

async function measureAxis(
  plan: GrowthPlan,
  { parallel }: Axis,
  variants: Variant<PlacedOrder>[],
  progress: Progress,
): Promise<Sample[]> {
  return await measureInTurns({ plan: { ...plan, parallel }, variants, partnersMs: [plan.partnerMs], progress });
}

/** The two questions about all orders, which no order waits for: the sweep's and that of the metrics. */
async function askAboutAllOrders({ world }: WholeSite): Promise<{ sweepMs: number; countMs: number }> {
  const { urls, secrets } = world.stack;
  const orders = createOrdersStore(
    connectDirectus({ url: urls.directus, token: secrets.directusServiceToken, timeoutMs: QUESTION_TIMEOUT_MS }),
  );
  const createdBefore = new Date().toISOString();
  return {
    sweepMs: await medianMs(() => orders.findUnfinishedOrders({ createdBefore, skip: 0, limit: PAGE_SIZE })),
    countMs: await medianMs(() => orders.countWaitingOrders()),
  };
}

async function medianMs(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < QUESTIONS; count += 1) {
    const askedAt = performance.now();
    await ask();
    times.push(performance.now() - askedAt);
  }
  return median(times);
}
