import { freePort } from '../../stack/ports.ts';
import { newOrderNamespace } from '../../test/support/order-namespace.ts';
import type { RunningStack } from '../../test/support/running-stack.ts';
import { startProgram, whileRunning } from '../lifetime.ts';
import type { Measurement } from '../lifetime.ts';
import { measureInTurns, Meter, warmUp } from '../load.ts';
import type { LoadPlan } from '../load.ts';
import type { Measured } from '../results.ts';
import { openWholeSite, postOrder, readHistory, startService } from '../whole-site.ts';
import type { PlacedOrder, Service } from '../whole-site.ts';

export interface WholePlan extends LoadPlan {
  /** How long RideNDine takes to answer. */
  partnersMs: number[];
}

/**
 * Measures orders from the click to `payment_session_id` on one stack, in three ways: gateway and worker, both in one
 * process, and a handler without Temporal.
 */
export async function measureWhole({ plan, progress, signal }: Measurement<WholePlan>): Promise<Measured<'whole'>> {
  return await whileRunning(signal, async (start) => {
    const site = await progress.step('Stack', () => start(() => openWholeSite()));
    const oneProcess = await start(() => startOneProcess(site.world));
    const plain = await start(() => startPlainHandler(site.world));
    const places: Record<string, (order: PlacedOrder) => Promise<void>> = {
      workflow: site.place,
      'one process': oneProcess.place,
      'plain handler': plain.place,
    };
    for (const place of Object.values(places)) await warmUp(await site.newOrders(plan.warmUpOrders), place);
    const pids = { ...site.pids, 'gateway with worker': oneProcess.pid, 'plain handler': plain.pid };
    const meter = await Meter.open(pids, plan.atRestMs);
    const bytesBefore = await site.databaseBytes();
    const samples = await measureInTurns({
      plan,
      variants: Object.entries(places).map(([name, place]) => ({
        name,
        meter,
        newOrders: (count: number) => site.newOrders(count),
        place,
      })),
      partnersMs: plan.partnersMs,
      letPartnerTake: site.letPartnerTake,
      progress,
    });
    const orders = samples.reduce((sum, sample) => sum + sample.orders, 0);
    const directusBytes = ((await site.databaseBytes()) - bytesBefore) / orders;

    return { samples, atRest: meter.atRest, history: await readHistory(site), directusBytes };
  });
}

/**
 * Starts gateway and worker in one process, with a namespace of their own on the stack's Temporal. In a shared
 * namespace, each worker would take the other's orders.
 */
async function startOneProcess(world: RunningStack): Promise<Service> {
  const { stack, temporal } = world;
  return await startService(world, 'gateway-with-worker', {
    temporal: await newOrderNamespace(temporal.connection, stack.temporal.address),
    // Its sweep would find no runs for the orders of the stack's worker, because their runs are in another namespace.
    env: { WORKER_SWEEP: 'off' },
  });
}

async function startPlainHandler({ stack }: RunningStack): Promise<Pick<Service, 'pid' | 'crash' | 'stop' | 'place'>> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const program = await startProgram({
    name: 'plain-handler',
    file: 'bench/plain-handler.ts',
    env: {
      DIRECTUS_URL: stack.urls.directus,
      DIRECTUS_TOKEN: stack.secrets.directusServiceToken,
      RIDENDINE_BASE_URL: stack.urls.ridendine,
      RIDENDINE_API_KEY: stack.secrets.ridendineApiKey,
      PORT: port,
    },
    isReady: async () => (await fetch(`${url}/healthz`)).ok,
  });
  return { ...program, place: (order) => postOrder(url, order) };
}
