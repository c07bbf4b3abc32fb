import type { RunningStack } from '../support/running-stack.ts';
import type { FinalAnswer } from './check.ts';
import { crashAndRestart } from './crashes.ts';
import type { CrashKind } from './crashes.ts';
import type { Customers } from './customers.ts';
import { openHold } from '../support/database-hold.ts';
import type { DatabaseHold } from '../support/database-hold.ts';
import { holdAnswers, holdLink, holdPartnerCall, holdRecord, holdValidation } from './held-orders.ts';
import type { Grip, HeldOrder, Moment, Step } from './held-orders.ts';

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
 */
export async function runDrill(
  world: RunningStack,
  { crash, held, customers }: { crash: CrashKind; held: HeldOrder[]; customers: Customers },
): Promise<{ recoveries: Recovery[]; answers: FinalAnswer[] }> {
  const { postgres, parts } = world.stack;
  if (postgres === undefined) throw new Error('The stack does not run its own PostgreSQL.');
  const opened: DatabaseHold[] = [];
  const answered: Promise<{ recovery: Omit<Recovery, 'ms'>; answers: FinalAnswer[]; at: number }>[] = [];
  const letGo = async () => {
    for (const hold of opened) await hold.release();
  };
  const grip: Grip = {
    world,
    async openHold() {
      const hold = await openHold(postgres);
      opened.push(hold);
      return hold;
    },
    send({ order, step, moment }) {
      // Twice: somebody has double-clicked.
      const answers = Promise.all([customers.send(order), customers.send(order)]);
      answered.push(
        answers.then((both) => ({ recovery: { crash, step, moment }, answers: both, at: performance.now() })),
      );
    },
  };
  try {
    const crashedAt = await crashAndRestart(parts, crash, await holdAll(grip, { held, letGo }));
    const outcomes = await Promise.all(answered);
    return {
      recoveries: outcomes.map(({ recovery, at }) => ({ ...recovery, ms: at - crashedAt })),
      answers: outcomes.flatMap(({ answers }) => answers),
    };
  } finally {
    // Nothing may stay locked if an order could not be held.
    await letGo();
  }
}

/** Brings each order to its moment. @returns what lets all of them go, while the crashed part is down. */
async function holdAll(
  grip: Grip,
  { held, letGo }: { held: HeldOrder[]; letGo: () => Promise<void> },
): Promise<() => Promise<void>> {
  const holdEach = (step: Step, hold: typeof holdRecord) =>
    Promise.all(
      held.filter((one) => one.step === step).map(async (one) => ({ held: one, hold: await hold(grip, one) })),
    );
  const inDirectus = (
    await Promise.all([holdEach('createOrderRecord', holdRecord), holdEach('saveLinkIds', holdLink)])
  ).flat();
  const ofMoment = (moment: Moment) => inDirectus.filter((one) => one.held.moment === moment);
  const told = ofMoment('after');
  if (told.length > 0) await holdAnswers(grip, told);
  // These last: RideNDine's calls are held for as long as the worker waits, and no order passes a held validation.
  const partnerCalls = held.filter(({ step }) => step === 'createRideNDineOrder');
  await Promise.all(partnerCalls.map((one) => holdPartnerCall(grip, one)));
  const validations = await holdEach('validateCheckout', holdValidation);

  return async () => {
    for (const { hold } of [...ofMoment('before'), ...validations]) await hold.cancelWaiting();
    await letGo();
  };
}
