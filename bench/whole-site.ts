import { randomUUID } from 'node:crypto';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { orderCreationWorkflowId } from '../src/contract/runs.ts';
import type { CartLine, Totals } from '../src/domain/quote.ts';
import { freePort } from '../stack/ports.ts';
import type { DemoCheckout } from '../sandbox/shop/demo-data.ts';
import { withoutCallStacks } from '../stack/program-file.ts';
import { hasPoller } from '../stack/temporal/has-poller.ts';
import type { PostgresSession } from '../test/support/postgres-session.ts';
import { connectToPostgres } from '../test/support/postgres-session.ts';
import { startRunningStack } from '../test/support/running-stack.ts';
import type { RunningStack } from '../test/support/running-stack.ts';
import { workerEnvironment } from '../test/support/worker-process.ts';
import { startProgram } from './lifetime.ts';
import type { Program, Started } from './lifetime.ts';
import type { History } from './results.ts';

/** What one click of a customer sends. */
export interface PlacedOrder {
  key: string;
  checkout: DemoCheckout;
}

/** A whole stack as `npm start` runs it, and a client that places orders there as customers do. */
export interface WholeSite extends Started {
  world: RunningStack;
  /** A connection to Directus' database. */
  database: PostgresSession;
  /** The parts of an installation, and RideNDine's stand-in. */
  pids: Record<'gateway' | 'worker' | 'temporal' | 'directus' | 'postgres' | 'ridendine sandbox', number>;
  /** Makes orders to place, each with its own quote. @param lines number of cart lines; by default the demo's cart. */
  newOrders: (count: number, lines?: number) => Promise<PlacedOrder[]>;
  /** @throws Error if the order is not answered with a payment session. */
  place: (order: PlacedOrder) => Promise<void>;
  letPartnerTake: (ms: number) => Promise<void>;
  databaseBytes(): Promise<number>;
}

/** The gateway waits as long as it can before it answers with a 202, because a 202 costs a second request. */
const untilAnswered = { GATEWAY_WAIT_MS: '60000' };
const CALL_TIMEOUT_MS = 120_000;

/** @param settings of worker and gateway, in addition to their addresses and credentials. */
export async function openWholeSite(settings: Record<string, string> = {}): Promise<WholeSite> {
  const world = await startRunningStack({ ...untilAnswered, ...settings });
  try {
    const { postgres, parts, crash } = world.stack;
    const { temporal, directus, ridendine, worker, gateway } = parts;
    if (!postgres || !temporal || !directus || !ridendine) throw new Error('A part of the stack is not its own.');
    const checkout = await world.newCheckout();
    const database = await connectToPostgres(postgres);
    return {
      world,
      database,
      pids: {
        gateway: gateway.pid,
        worker: worker.pid,
        temporal: temporal.pid,
        directus: directus.pid,
        postgres: postgres.pid,
        'ridendine sandbox': ridendine.pid,
      },
      newOrders: (count, lines) => newOrders(database, checkout, count, lines),
      place: (order) => postOrder(world.stack.urls.gateway, order, world.stack.secrets.gatewayKey),
      async letPartnerTake(ms) {
        await world.clearFaults();
        await world.addFault({ kind: 'latency', ms, times: null });
      },
      async databaseBytes() {
        const [row] = await database.sql('SELECT pg_database_size(current_database()) AS bytes');
        return Number(row?.['bytes']);
      },
      crash,
      async stop() {
        await database.close();
        await world.stop();
      },
    };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** Places one order and reads what it leaves in Temporal's history. */
export async function readHistory(
  { world, newOrders: newOrdersThere, place }: WholeSite,
  lines?: number,
): Promise<History> {
  const [order] = await newOrdersThere(1, lines);
  if (order === undefined) throw new Error('There is no order.');
  await place(order);
  const run = await world.temporal.workflow.getHandle(orderCreationWorkflowId(order.key)).describe();
  return { events: run.historyLength, bytes: run.historySize ?? 0 };
}

/** One of our services, started beside those of the stack. */
export interface Service extends Program, Pick<WholeSite, 'place'> {
  metricsUrl: string;
}

/** @param options.temporal the stack's Temporal if not given. */
export async function startService(
  world: RunningStack,
  service: 'worker' | 'gateway' | 'gateway-with-worker',
  options: { temporal?: TemporalSettings; env?: Record<string, string>; nodeArguments?: string[] } = {},
): Promise<Service> {
  const { stack } = world;
  const { temporal = stack.temporal, env, nodeArguments = [] } = options;
  const port = String(await freePort());
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  const url = `http://127.0.0.1:${port}`;
  const program = await startProgram({
    name: service,
    file: service === 'gateway-with-worker' ? 'src/worker/with-gateway/main.ts' : `src/${service}/main.ts`,
    nodeArguments: service === 'gateway' ? nodeArguments : [...withoutCallStacks(), ...nodeArguments],
    env: {
      ...workerEnvironment(world),
      ...untilAnswered,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      GATEWAY_API_KEYS: stack.secrets.gatewayKey,
      GATEWAY_HOST: '127.0.0.1',
      GATEWAY_PORT: port,
      WORKER_METRICS_ADDRESS: metricsAddress,
      ...env,
    },
    isReady: async (pid) =>
      (service === 'gateway' || (await hasPoller(temporal, pid))) &&
      (service === 'worker' || (await fetch(`${url}/healthz`)).ok),
  });
  return {
    ...program,
    metricsUrl: `${service === 'worker' ? `http://${metricsAddress}` : url}/metrics`,
    place: (order) => postOrder(url, order, stack.secrets.gatewayKey),
  };
}

/**
 * Sends an order, and sends it again after each 202, until it is created. A real caller does the same.
 *
 * @throws Error if the gateway gives any other answer, or if the order is not created in time.
 */
export async function postOrder(gatewayUrl: string, { key, checkout }: PlacedOrder, token?: string): Promise<void> {
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  for (;;) {
    const response = await fetch(`${gatewayUrl}/v1/orders`, {
      method: 'POST',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(checkout),
      signal,
    });
    const text = await response.text();
    if ([200, 201].includes(response.status) && text.includes('"payment_session_id":"ps_')) return;
    if (response.status !== 202) throw new Error(`An order was answered with ${response.status}: ${text}`);
  }
}

/** Writes copies of a demo quote to the database. Through Directus, this would take longer than the orders. */
async function newOrders(database: PostgresSession, like: DemoCheckout, count: number, lines?: number) {
  const batch = `quote-${randomUUID()}`;
  const cart = lines === undefined ? undefined : cartOf(lines);
  await database.sql(
    `INSERT INTO quotes (id, customer, store, fulfillment_method, totals, items_snapshot, expires_at)
     SELECT $1::text || '-' || n, customer, store, fulfillment_method,
       coalesce($4::json, totals), coalesce($5::json, items_snapshot), now() + interval '1 day'
     FROM quotes, generate_series(1, $2::int) AS n WHERE id = $3`,
    batch,
    count,
    like.quote_id,
    cart && JSON.stringify(cart.totals),
    cart && JSON.stringify(cart.items),
  );
  return Array.from({ length: count }, (_, index) => ({
    key: randomUUID(),
    checkout: { ...like, quote_id: `${batch}-${index + 1}` },
  }));
}

/** A cart whose lines are as long as the demo's lines are on average. */
function cartOf(lines: number): { totals: Totals; items: CartLine[] } {
  const [quantity, price] = [2, 1400];
  const subtotal = lines * quantity * price;
  return {
    totals: { currency: 'USD', subtotal, delivery_fee: 499, total: subtotal + 499 },
    items: Array.from({ length: lines }, (_, index) => ({
      menu_item_id: `menu-item-${index + 1}`,
      name: `Noodle soup with herbs ${index + 1}`,
      quantity,
      unit_price: price,
      options: [{ name: 'Size', value: 'Large', price: 150 }],
      note: 'Without coriander, please.',
    })),
  };
}
