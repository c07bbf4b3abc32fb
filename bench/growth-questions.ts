import { PAGE_SIZE } from '../src/activities/continue-lost-orders.ts';
import type { OrdersStore } from '../src/integrations/directus/orders-store.ts';
import type { PostgresSession } from '../test/support/postgres-session.ts';
import { percentileFigure } from './statistics.ts';
import type { Figure } from './statistics.ts';

/** What is asked of all orders now and then, and of no order: how long Directus took, each time. */
export interface QuestionTimes {
  sweep: number[];
  gauges: number[];
}

/** How often each is asked in a round. */
const QUESTIONS = 10;

export async function askOfAllOrders(orders: OrdersStore): Promise<QuestionTimes> {
  const createdBefore = new Date().toISOString();
  return {
    sweep: await timesOf(() => orders.findUnfinishedOrders({ createdBefore, skip: 0, limit: PAGE_SIZE })),
    gauges: await timesOf(() => orders.countWaitingOrders()),
  };
}

/** Nothing else that is measured rests on it. */
export async function dropStatusIndex(session: PostgresSession): Promise<void> {
  const [index, ...others] = await session.sql(
    "SELECT indexname AS name FROM pg_indexes WHERE tablename = 'orders' AND indexdef LIKE '%(status)'",
  );
  if (index === undefined || others.length > 0) throw new Error('There is not one index on the status of orders.');
  await session.sql(`DROP INDEX "${String(index['name'])}"`);
}

/** Of the times of several rounds: median, and lowest and highest round. */
export function medianQuestions(rounds: QuestionTimes[]): Record<keyof QuestionTimes, Figure> {
  return {
    sweep: percentileFigure(
      rounds.map(({ sweep }) => sweep),
      0.5,
    ),
    gauges: percentileFigure(
      rounds.map(({ gauges }) => gauges),
      0.5,
    ),
  };
}

async function timesOf(ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < QUESTIONS; count += 1) {
    const askedAt = performance.now();
    await ask();
    times.push(performance.now() - askedAt);
  }
  return times;
}
