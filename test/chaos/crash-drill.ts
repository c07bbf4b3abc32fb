import type { RunningStack } from '../support/running-stack.ts';
import type { FinalAnswer } from './check.ts';
import { crashAndRestart } from './crashes.ts';
import type { CrashKind } from './crashes.ts';
import type { Customers } from './customers.ts';
import type { DatabaseHold } from './database-hold.ts';
import { holdAnswers, holdLink, holdPartnerCall, holdRecord, holdValidation } from './held-orders.ts';
import type { HeldOrder, Moment, Step } from './held-orders.ts';

/** How long an order took from the crash to an answer with its ids. */
export interface Recovery {
  crash: CrashKind;
  step: Step;
  moment: Moment;
  ms: number;
}

/**
 * One crash in the middle of several orders, each held in another step. What is held `before` its effect loses it, what
 * is held `late` gets it while the crashed part is down.
 *
 * @param held with either `after` moments in Directus or others: the former stop everything else in Directus.
 */
export async function drill(
  world: RunningStack,
  { crash, held, customers }: { crash: CrashKind; held: HeldOrder[]; customers: Customers },
): Promise<{ recoveries: Recovery[]; answers: FinalAnswer[] }> {
  const answered = new Map<HeldOrder, Promise<{ answers: FinalAnswer[]; at: number }>>();
  const send = (one: HeldOrder) => () => {
    // Twice: somebody has double-clicked.
    const answers = Promise.all([customers.send(one.order), customers.send(one.order)]);
    answered.set(
      one,
      answers.then((both) => ({ answers: both, at: performance.now() })),
    );
  };
  const letGo = await holdAll(world, held, send);
  const crashedAt = await crashAndRestart(world.stack.parts, crash, letGo);

  const outcomes = await Promise.all(
    held.map(async (one) => {
      const { step, moment } = one;
      const { answers = [], at = Number.NaN } = (await answered.get(one)) ?? {};
      return { answers, recovery: { crash, step, moment, ms: at - crashedAt } };
    }),
  );
  return {
    recoveries: outcomes.map(({ recovery }) => recovery),
    answers: outcomes.flatMap(({ answers }) => answers),
  };
}

/** Brings each order to its moment. @returns what lets all of them go. */
async function holdAll(
  world: RunningStack,
  held: HeldOrder[],
  send: (one: HeldOrder) => () => void,
): Promise<() => Promise<void>> {
  const of = (step: Step) => held.filter((one) => one.step === step);
  const holdEach = (step: Step, hold: typeof holdRecord) =>
    Promise.all(of(step).map(async (one) => ({ moment: one.moment, hold: await hold(world, one.order, send(one)) })));
  const inDirectus = (
    await Promise.all([holdEach('createOrderRecord', holdRecord), holdEach('saveLinkIds', holdLink)])
  ).flat();
  const told = inDirectus.filter(({ moment }) => moment === 'after').map(({ hold }) => hold);
  const holds: { moment: Moment; hold: DatabaseHold }[] = inDirectus.filter(({ moment }) => moment !== 'after');
  if (told.length > 0) holds.push({ moment: 'after', hold: await holdAnswers(world, told) });
  // These last: RideNDine's calls are held for as long as the worker waits, and no order passes a held validation.
  await Promise.all(of('createRideNDineOrder').map((one) => holdPartnerCall(world, one, send(one))));
  holds.push(...(await holdEach('validateCheckout', holdValidation)));

  return async () => {
    for (const { moment, hold } of holds) {
      if (moment === 'before') await hold.cancelWaiting();
      await hold.release();
    }
  };
}
