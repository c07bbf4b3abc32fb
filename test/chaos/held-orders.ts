import pWaitFor from 'p-wait-for';
import type { RunningStack } from '../support/running-stack.ts';
import type { DatabaseHold } from '../support/database-hold.ts';
import { RIDENDINE_TIMEOUT_MS } from './partner-faults.ts';
import type { PlannedOrder } from './planned-order.ts';

/**
 * When the crash comes, relative to the effect of the step's running attempt. `before`: the effect never comes. `late`:
 * the effect comes only after the crash. `after`: the effect has come, and the worker does not have the answer yet.
 */
export type Moment = 'before' | 'late' | 'after';

export type Step = 'validateCheckout' | 'createOrderRecord' | 'createRideNDineOrder' | 'saveLinkIds';

/** An order that is stopped in the middle of a step until it is let go. */
export interface HeldOrder {
  step: Step;
  moment: Moment;
  order: PlannedOrder;
}

/** What is needed to hold an order: the stack, a lock in its database, and a customer who sends the order. */
export interface Grip {
  world: RunningStack;
  openHold(this: void): Promise<DatabaseHold>;
  send(this: void, held: HeldOrder): void;
}

const POLL_MS = 20;
const HOLD_TIMEOUT_MS = 60_000;
/** How long RideNDine takes to answer, so that the test can lock the order's row between its creation and its link. */
const PARTNER_TAKES_MS = 1000;

/** Holds `createOrderRecord` before its effect: Directus' insert waits for an uncommitted insert with the same key. */
export async function holdRecord({ openHold, send }: Grip, held: HeldOrder): Promise<DatabaseHold> {
  const hold = await openHold();
  await hold.query('INSERT INTO orders (id, idempotency_key) VALUES (gen_random_uuid(), $1)', [held.order.key]);
  send(held);
  await hold.untilWaitedFor(1);
  return hold;
}

/** Holds `saveLinkIds` before its effect: the order's row is locked while RideNDine takes its time to answer. */
export async function holdLink({ world, openHold, send }: Grip, held: HeldOrder): Promise<DatabaseHold> {
  await addFault(world, held.order, { kind: 'latency', ms: PARTNER_TAKES_MS });
  const hold = await openHold();
  send(held);
  await until(async () => {
    const sql = 'SELECT id FROM orders WHERE idempotency_key = $1 AND ridendine_order_id IS NULL FOR UPDATE';
    return (await hold.query(sql, [held.order.key])).length === 1;
  });
  await hold.untilWaitedFor(1);
  return hold;
}

/** Holds `validateCheckout` of this order and of all others: a lock on the table keeps Directus from reading quotes. */
export async function holdValidation({ openHold, send }: Grip, held: HeldOrder): Promise<DatabaseHold> {
  const hold = await openHold();
  await hold.query('LOCK TABLE quotes IN ACCESS EXCLUSIVE MODE');
  send(held);
  await hold.untilWaitedFor(1);
  return hold;
}

const partnerHolds = {
  before: { kind: 'no_answer', when: 'before_store' },
  // RideNDine stores the order only after the worker's attempt has timed out.
  late: { kind: 'latency', ms: RIDENDINE_TIMEOUT_MS + 1000 },
  after: { kind: 'no_answer', when: 'after_store' },
} as const satisfies Record<Moment, Record<string, unknown>>;

/** Holds `createRideNDineOrder`: RideNDine has received the call, and does not answer before the worker's timeout. */
export async function holdPartnerCall({ world, send }: Grip, held: HeldOrder): Promise<void> {
  const { order, moment } = held;
  await addFault(world, order, partnerHolds[moment]);
  send(held);
  await until(async () => {
    const { attempts } = await world.sandbox('/sandbox/attempts');
    return (attempts as { quote_id: string; answer: string }[]).some(
      ({ quote_id, answer }) => quote_id === order.checkout.quote_id && answer !== 'response',
    );
  });
}

/**
 * Takes steps that are held before their effect in Directus. Lets Directus write, and then holds its answers: every
 * read of an order has to wait. Meanwhile Directus must do nothing else with orders.
 */
export async function holdAnswers(
  { openHold }: Grip,
  steps: { held: HeldOrder; hold: DatabaseHold }[],
): Promise<DatabaseHold> {
  const answers = await openHold();
  const letWrite = async () => {
    await answers.untilWaiting();
    // The queue for the table: Directus' writes first, then this lock, then what Directus reads for its answers.
    for (const { hold } of steps) await hold.release();
  };
  await Promise.all([answers.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE'), letWrite()]);
  await answers.untilWaitedFor(steps.length);
  for (const { held } of steps) await requireEffect(answers, held);
  return answers;
}

async function requireEffect(hold: DatabaseHold, { step, order }: HeldOrder): Promise<void> {
  const [row] = await hold.query('SELECT ridendine_order_id FROM orders WHERE idempotency_key = $1', [order.key]);
  const hasEffect = step === 'saveLinkIds' ? typeof row?.['ridendine_order_id'] === 'string' : row !== undefined;
  if (!hasEffect) throw new Error(`${order.name} has not had its effect.`);
}

async function addFault(world: RunningStack, { checkout }: PlannedOrder, fault: Record<string, unknown>) {
  await world.addFault({ ...fault, quote_id: checkout.quote_id });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await pWaitFor(condition, { interval: POLL_MS, timeout: HOLD_TIMEOUT_MS });
}
