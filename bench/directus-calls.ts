import { orderBody } from '../src/integrations/ridendine/order-body.ts';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { newOrder } from '../src/activities/new-order.ts';
import { checkCheckout } from '../src/domain/checkout.ts';
import { checkoutRequestSchema } from '../src/domain/checkout-request.ts';
import { connectDirectus } from '../src/integrations/directus/directus-client.ts';
import type { NewOrder } from '../src/integrations/directus/order-rows.ts';
import { createOrdersStore } from '../src/integrations/directus/orders-store.ts';
import type { OrdersStore } from '../src/integrations/directus/orders-store.ts';
import { startDirectus } from '../stack/directus/start-directus.ts';
import { DIRECTUS_ADMIN_EMAIL } from '../stack/start-order-data.ts';
import { freePort } from '../stack/free-port.ts';
import type { Progress } from '../stack/progress.ts';
import { failOnCrash } from '../stack/supervisor.ts';
import type { Supervisor } from '../stack/supervisor.ts';
import { openSupervisedFolder } from '../test/support/supervised-folder.ts';
import { directusCalls, directusVariants, nameOf } from './directus-call-names.ts';
import type { DirectusCall, DirectusVariant } from './directus-call-names.ts';
import { directusCallsResult } from './directus-calls-summary.ts';
import { measureAtRest, measureLoad } from './measured-load.ts';
import type { AtRest, Pids } from './measured-load.ts';
import type { DirectusCallsResult } from './result.ts';
import type { Sample } from './summary.ts';
import { failWhenAborted } from './until-aborted.ts';
import type { PlacedOrder } from './whole-quotes.ts';
import { openWholeSite } from './whole-site.ts';
import type { WholeSite } from './whole-site.ts';

export interface DirectusCallsPlan {
  rounds: number;
  /** Of each variant, before anything is measured. */
  warmUpOrders: number;
  orders: number;
  atRestMs: number;
}

/** An order that has its quote and is not written yet. */
type ReadyOrder = Pick<PlacedOrder, 'key' | 'checkout'> & { order: NewOrder };

interface Place {
  variant: DirectusVariant;
  pids: Pids;
  orders: OrdersStore;
  atRest: AtRest;
}

/** Makes the calls of an order one at a time, each by itself, of a Directus beside which nothing is at work. */
export async function measureDirectusCalls(options: {
  plan: DirectusCallsPlan;
  progress: Progress;
  /** Ends everything; the promise is rejected then. */
  signal?: AbortSignal;
}): Promise<DirectusCallsResult> {
  const { plan, progress, signal } = options;
  const site = await progress.step('Stack', () => openWholeSite());
  const another = openSupervisedFolder('order-creation-directus');
  try {
    const { supervisor, dataDir } = await another;
    const measured = measureOn({ site, supervisor, dataDir, plan, progress });
    return await Promise.race([
      measured,
      failOnCrash(site.world.stack),
      failOnCrash(supervisor),
      failWhenAborted(signal),
    ]);
  } finally {
    await Promise.allSettled([another.then(({ stop }) => stop()), site.stop()]);
  }
}

async function measureOn(options: {
  site: WholeSite;
  /** Of what runs beside the stack. */
  supervisor: Supervisor;
  dataDir: string;
  plan: DirectusCallsPlan;
  progress: Progress;
}): Promise<DirectusCallsResult> {
  const { site, plan, progress } = options;
  const places: Place[] = [];
  for (const variant of directusVariants) {
    const place = await progress.step(`Directus ${variant}`, () => openPlace(options, variant));
    // The other one has that for itself; the stack's own gets it twice.
    await measureCalls(site, place, (variant === 'as shipped' ? 2 : 1) * plan.warmUpOrders);
    places.push({ ...place, atRest: await measureAtRest(place.pids, plan.atRestMs) });
  }
  const samples: Sample[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    await progress.step(`Round ${round} of ${plan.rounds}`, async (doing) => {
      for (const place of round % 2 === 1 ? places : places.toReversed()) {
        doing(place.variant);
        for (const { call, load } of await measureCalls(site, place, plan.orders)) {
          samples.push({ ...load, variant: nameOf(place.variant, call), round, partnerMs: null, parallel: 1 });
        }
      }
    });
  }
  return directusCallsResult(samples);
}

/** As shipped it is another Directus beside the stack's own, on the same database. */
async function openPlace(
  { site, supervisor, dataDir }: { site: WholeSite; supervisor: Supervisor; dataDir: string },
  variant: DirectusVariant,
): Promise<Place> {
  const { urls, secrets } = site.world.stack;
  const { url, pid } =
    variant === 'as shipped'
      ? await startAnother(site, supervisor, dataDir)
      : { url: urls.directus, pid: site.pids.directus };
  const connection = { url, token: secrets.directusServiceToken, timeoutMs: 60_000 };
  return {
    variant,
    pids: { directus: pid, postgres: site.pids.postgres },
    orders: createOrdersStore(
      connectDirectus(variant === 'new connections' ? { ...connection, fetch: fetchByNewConnection } : connection),
    ),
    atRest: {},
  };
}

/** Node closes a connection after such a request; the product's stay open. */
const fetchByNewConnection: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('connection', 'close');
  return await fetch(input, { ...init, headers });
};

async function startAnother(
  { world, postgres }: WholeSite,
  supervisor: Supervisor,
  dataDir: string,
): Promise<{ url: string; pid: number }> {
  const { secrets } = world.stack;
  const { url, part } = await startDirectus({
    supervisor,
    dataDir: path.join(dataDir, 'directus'),
    port: await freePort(),
    postgres,
    adminToken: secrets.directusAdminToken,
    adminEmail: DIRECTUS_ADMIN_EMAIL,
    adminPassword: secrets.directusAdminPassword,
    secret: secrets.directusSecret,
    variables: { CACHE_SCHEMA_FREEZE_ENABLED: 'false' },
  });
  return { url, pid: part.pid };
}

/** Of so many new orders, all of them at one call before the next call. */
async function measureCalls(site: WholeSite, { orders, pids, atRest }: Place, count: number) {
  const ready = await readyOrders(orders, await site.newOrders(count));
  const calls: Record<DirectusCall, (order: ReadyOrder) => Promise<unknown>> = {
    'quote and order': ({ key, checkout }) =>
      Promise.all([orders.findOrderByKey(key), orders.findQuote(checkout.quote_id)]),
    quote: ({ checkout }) => orders.findQuote(checkout.quote_id),
    write: ({ order }) => orders.createOrder(order),
    link: async ({ order }) => {
      const ids = { ridendine_order_id: `rnd_${randomUUID()}`, payment_session_id: `ps_${randomUUID()}` };
      if (!(await orders.saveLink(order.id, ids))) throw new Error('An order that was just written is not there.');
    },
  };
  const measured = [];
  for (const call of directusCalls) {
    const place = async (order: ReadyOrder) => void (await calls[call](order));
    measured.push({ call, load: await measureLoad({ pids, atRest, orders: ready, parallel: 1, place }) });
  }
  return measured;
}

async function readyOrders(orders: OrdersStore, placed: PlacedOrder[]): Promise<ReadyOrder[]> {
  const ready: ReadyOrder[] = [];
  for (const { key, checkout } of placed) {
    const request = checkoutRequestSchema.parse({ ...checkout, idempotency_key: key });
    const checked = checkCheckout(request, await orders.findQuote(request.quote_id), new Date());
    if (!checked.ok) throw new Error('A quote of the benchmark can not be ordered.');
    ready.push({
      key,
      checkout,
      order: newOrder(request, { checkout: checked.checkout, runId: randomUUID(), partner: { orderBody } }),
    });
  }
  return ready;
}
