import pWaitFor from 'p-wait-for';
import type { RunningStack } from '../support/running-stack.ts';
import { openHold } from './database-hold.ts';
import type { DatabaseHold } from './database-hold.ts';
import type { PlannedOrder } from './planned-order.ts';
import { RIDENDINE_TIMEOUT_MS } from './partner-faults.ts';

/**
 * When the crash comes, seen from the effect of the step's running attempt: that attempt never has its effect, has it
 * only after the crash, or has had it and could not tell.
 */
export type Moment = 'before' | 'late' | 'after';

export type Step = 'validateCheckout' | 'createOrderRecord' | 'createRideNDineOrder' | 'saveLinkIds';

/** An order that is in the middle of a step, and stays there until it is let go. */
export interface HeldOrder {
  step: Step;
  moment: Moment;
  order: PlannedOrder;
}

/** Sends an order; how it ends is nobody's concern here. */
type Send = (order: PlannedOrder) => void;

const POLL_MS = 20;
const HOLD_TIMEOUT_MS = 20_000;
/** Time to get hold of the order's row between its creation and its link. */
const PARTNER_TAKES_MS = 1000;

/**
 * Holds `createOrderRecord` before its effect: an insert with the same key, not yet committed, makes Directus' own wait.
 */
export async function holdRecord(world: RunningStack, order: PlannedOrder, send: Send): Promise<DatabaseHold> {
  const hold = await openDirectusHold(world);
  await hold.query('INSERT INTO orders (id, idempotency_key) VALUES (gen_random_uuid(), $1)', [order.key]);
  send(order);
  await hold.untilWaitedFor(1);
  return hold;
}

/** Holds `saveLinkIds` before its effect: the order's row is locked while RideNDine takes its time to answer. */
export async function holdLink(world: RunningStack, order: PlannedOrder, send: Send): Promise<DatabaseHold> {
  await addFault(world, order, { kind: 'latency', ms: PARTNER_TAKES_MS });
  const hold = await openDirectusHold(world);
  send(order);
  await until(async () => {
    const sql = 'SELECT id FROM orders WHERE idempotency_key = $1 FOR UPDATE';
    return (await hold.query(sql, [order.key])).length === 1;
  });
  await hold.untilWaitedFor(1);
  return hold;
}

/** Holds `validateCheckout`, and that of every other order: nobody can read quotes. */
export async function holdValidation(world: RunningStack, order: PlannedOrder, send: Send): Promise<DatabaseHold> {
  const hold = await openDirectusHold(world);
  await hold.query('LOCK TABLE quotes IN ACCESS EXCLUSIVE MODE');
  send(order);
  await hold.untilWaitedFor(1);
  return hold;
}

const partnerHolds = {
  before: { kind: 'no_answer', when: 'before_store' },
  // Stored when the attempt that asked for it is long over.
  late: { kind: 'latency', ms: RIDENDINE_TIMEOUT_MS + 1000 },
  after: { kind: 'no_answer', when: 'after_store' },
} as const satisfies Record<Moment, Record<string, unknown>>;

/** Holds `createRideNDineOrder`: the call is under way, and its answer does not come as long as the worker waits. */
export async function holdPartnerCall(
  world: RunningStack,
  { order, moment }: Pick<HeldOrder, 'order' | 'moment'>,
  send: Send,
): Promise<void> {
  await addFault(world, order, partnerHolds[moment]);
  send(order);
  await until(async () => (await attemptsAt(world, order)).some(({ answer }) => answer !== 'response'));
}

/** How many calls for the order RideNDine has seen. */
async function attemptsAt(world: RunningStack, { checkout }: PlannedOrder): Promise<{ answer: string }[]> {
  const { attempts } = await world.sandbox('/sandbox/attempts');
  return (attempts as { quote_id: string; answer: string }[]).filter(({ quote_id }) => quote_id === checkout.quote_id);
}

/**
 * Turns steps that are held before their effect into ones that have had it and can't tell: everybody's next look at an
 * order has to wait. What is held must be all that Directus is doing with orders.
 */
export async function holdAnswers(world: RunningStack, holds: DatabaseHold[]): Promise<DatabaseHold> {
  const hold = await openDirectusHold(world);
  const locked = hold.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
  await hold.untilWaiting();
  // Directus' writes come first in the queue, then this lock, then what Directus reads to answer.
  for (const held of holds) await held.release();
  await locked;
  await hold.untilWaitedFor(holds.length);
  return hold;
}

function openDirectusHold({ stack }: RunningStack): Promise<DatabaseHold> {
  if (stack.postgres === undefined) throw new Error('The stack does not run its own PostgreSQL.');
  return openHold(stack.postgres);
}

async function addFault(world: RunningStack, { checkout }: PlannedOrder, fault: Record<string, unknown>) {
  await world.addFault({ ...fault, quote_id: checkout.quote_id });
}

function until(condition: () => Promise<boolean>): Promise<unknown> {
  return pWaitFor(condition, { interval: POLL_MS, timeout: HOLD_TIMEOUT_MS });
}
