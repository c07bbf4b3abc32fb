import type { RunningPostgres } from '../stack/postgres.ts';
import { startRunningStack } from '../test/support/running-stack.ts';
import type { RunningStack } from '../test/support/running-stack.ts';
import type { Pids } from './measured-load.ts';
import { createQuoteMaker } from './whole-quotes.ts';
import type { PlacedOrder, QuoteMaker } from './whole-quotes.ts';

/** A whole stack, and a client that places orders there as customers do. */
export interface WholeSite extends Omit<QuoteMaker, 'close'> {
  world: RunningStack;
  postgres: RunningPostgres;
  /** The parts of an installation, and RideNDine's stand-in. */
  pids: ReturnType<typeof pidsOf>;
  /** What its worker is told beside its addresses and credentials. */
  workerSettings: Record<string, string>;
  /** @throws Error if the order is not answered with a payment session. */
  place: (order: PlacedOrder) => Promise<void>;
  letPartnerTake(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** No order may be answered with a 202. */
export const untilAnswered = { GATEWAY_WAIT_MS: '60000' };
const CALL_TIMEOUT_MS = 120_000;

/** @param workerSettings what its worker is told beside its addresses and credentials. */
export async function openWholeSite(workerSettings: Record<string, string> = {}): Promise<WholeSite> {
  const world = await startRunningStack({ ...untilAnswered, ...workerSettings });
  try {
    const quotes = await createQuoteMaker(world);
    return {
      ...quotes,
      world,
      postgres: postgresOf(world),
      pids: pidsOf(world),
      workerSettings,
      place: async ({ key, checkout }) =>
        requireSession(await world.post(key, checkout, {}, AbortSignal.timeout(CALL_TIMEOUT_MS))),
      letPartnerTake: (ms) => letPartnerTake(world, ms),
      async stop() {
        await quotes.close();
        await world.stop();
      },
    };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

function pidsOf(world: RunningStack) {
  const { temporal, directus, ridendine, worker, gateway } = world.stack.parts;
  if (!temporal || !directus || !ridendine) throw new Error('A part of the stack is not its own.');
  return {
    gateway: gateway.pid,
    worker: worker.pid,
    temporal: temporal.pid,
    directus: directus.pid,
    postgres: postgresOf(world).pid,
    'ridendine sandbox': ridendine.pid,
  } satisfies Pids;
}

async function letPartnerTake(world: RunningStack, ms: number): Promise<void> {
  await world.clearFaults();
  await world.addFault({ kind: 'latency', ms, times: null });
}

/** @throws Error if it is anything but an order that was made. */
export async function requireSession(response: Response): Promise<void> {
  const text = await response.text();
  if (response.status === 201 && text.includes('"payment_session_id":"ps_')) return;
  throw new Error(`An order was answered with ${response.status} instead of a payment session: ${text}`);
}

function postgresOf({ stack }: RunningStack): RunningPostgres {
  if (stack.postgres === undefined)
    throw new Error('The benchmark needs the stack of its own, with its own PostgreSQL.');
  return stack.postgres;
}
