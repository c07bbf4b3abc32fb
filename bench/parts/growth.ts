import { whileRunning } from '../lifetime.ts';
import type { Measurement, Start } from '../lifetime.ts';
import { measureInTurns, Meter, warmUp } from '../load.ts';
import type { LoadPlan, Variant } from '../load.ts';
import type { Measured, Sample } from '../results.ts';
import { storeOrders } from '../stored-orders.ts';
import { openWholeSite, readHistory } from '../whole-site.ts';
import type { PlacedOrder, WholeSite } from '../whole-site.ts';

export interface GrowthPlan extends LoadPlan {
  /** How long RideNDine takes to answer. */
  partnerMs: number;
  /** `stored` and `items` grow separately. Each has its values, the smallest first. */
  stored: number[];
  items: number[];
}

/** A second stack with the fewest orders. How far it differs from the first such stack shows the noise. */
export const STORED_AGAIN = 'stored again';

/** Items of an order, unless their number is what grows. */
const USUAL_ITEMS = 2;
/** The stored orders have no runs in Temporal, so the sweep would treat the unfinished ones as lost. */
const withoutSweep = { WORKER_SWEEP: 'off' };

/** Measures how orders change if there are more orders in Directus, or more items in an order. */
export async function measureGrowth({ plan, progress, signal }: Measurement<GrowthPlan>): Promise<Measured<'growth'>> {
  const items: Measured<'growth'>['items'] = [];
  const samples: Sample[] = [];
  const measureVariants = async (variants: Variant<PlacedOrder>[]) =>
    samples.push(...(await measureInTurns({ plan, variants, partnersMs: [plan.partnerMs], progress })));

  await whileRunning(signal, async (start) => {
    const [fewest = 0, ...others] = plan.stored;
    const first = await progress.step('Stack', () => openSite(start, plan));
    // Measured before other stacks run.
    const sizes: Variant<PlacedOrder>[] = [];
    for (const value of plan.items) sizes.push(await warmVariant(`items ${value}`, first, value, plan));
    await measureVariants(sizes);
    for (const value of plan.items) items.push({ items: value, history: await readHistory(first, value) });

    // Each number of orders has a stack of its own, so that the numbers can take turns.
    const sites = [{ orders: fewest, name: `stored ${fewest}`, site: first }];
    for (const orders of others) sites.push({ orders, name: `stored ${orders}`, site: await openSite(start, plan) });
    sites.push({ orders: fewest, name: STORED_AGAIN, site: await openSite(start, plan) });
    const variants: Variant<PlacedOrder>[] = [];
    for (const { orders, name, site } of sites) {
      await progress.step(name, (doing) => storePast(site, orders, doing));
      variants.push(await warmVariant(name, site, USUAL_ITEMS, plan));
    }
    await measureVariants(variants);
  });
  return { samples, stored: plan.stored, items };
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
  return { name, meter: await Meter.open(site.pids, plan.atRestMs), newOrders, place: site.place };
}
