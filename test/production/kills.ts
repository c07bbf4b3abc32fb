import pWaitFor from 'p-wait-for';
import type { RestartablePart } from '../../stack/start-part.ts';
import type { OrderWorld } from '../support/order-world.ts';

/** How far the orders of a test are. */
interface Progress {
  recorded: number;
  sent: number;
  linked: number;
}

/** A point in the progress of the orders at which Temporal is killed. */
interface Moment {
  /** A description for people. */
  name: string;
  isReached(this: void, progress: Progress, orders: number): boolean;
}

/** Moments in all steps of an order. At each moment, other orders are in other steps. */
const moments: Moment[] = [
  { name: 'the first orders are recorded in Directus', isReached: ({ recorded }) => recorded > 0 },
  { name: 'the first orders have been sent to RideNDine', isReached: ({ sent }) => sent > 0 },
  { name: 'a third of the orders is linked', isReached: ({ linked }, orders) => linked >= orders / 3 },
];

/** What the test saw at one kill. */
export interface Kill {
  moment: string;
  /** Orders that had been asked for and were not linked. */
  inFlight: number;
  /** Milliseconds until the server listened again. It takes calls some seconds later. */
  downMs: number;
  /** When the server was killed, by `performance.now()`. */
  at: number;
}

const POLL_MS = 20;
const MOMENT_TIMEOUT_MS = 60_000;

/** Kills Temporal at each of the moments, and starts it again at once. */
export async function killAtMoments(options: {
  world: OrderWorld;
  temporal: RestartablePart;
  quoteIds: string[];
}): Promise<Kill[]> {
  const { world, temporal, quoteIds } = options;
  const kills: Kill[] = [];
  for (const { name, isReached } of moments) {
    await pWaitFor(async () => isReached(await progressOf(world, quoteIds), quoteIds.length), {
      interval: POLL_MS,
      timeout: MOMENT_TIMEOUT_MS,
    });
    const at = performance.now();
    await temporal.stop({ signal: 'SIGKILL' });
    // Counted after the kill. What is not linked now is linked after the restart, or by a step that still runs.
    const { linked } = await progressOf(world, quoteIds);
    await temporal.start();
    kills.push({ moment: name, inFlight: quoteIds.length - linked, downMs: performance.now() - at, at });
  }
  return kills;
}

/** Counts in Directus and RideNDine themselves, not in the answers that callers got. */
async function progressOf(world: OrderWorld, quoteIds: string[]): Promise<Progress> {
  const known = new Set(quoteIds);
  const { data } = await world.directus('/items/orders?fields=quote_id,ridendine_order_id&limit=-1');
  const orders = (data as { quote_id: string; ridendine_order_id: string | null }[]).filter(({ quote_id }) =>
    known.has(quote_id),
  );
  const { attempts } = await world.sandbox('/sandbox/attempts');
  return {
    recorded: orders.length,
    sent: (attempts as { quote_id: string }[]).filter(({ quote_id }) => known.has(quote_id)).length,
    linked: orders.filter(({ ridendine_order_id: id }) => id !== null).length,
  };
}
