import type { RunningStack } from '../support/running-stack.ts';
import type { FinalAnswer } from './check.ts';
import { crashAndRestart } from './crashes.ts';
import type { CrashKind } from './crashes.ts';
import type { Customers } from './customers.ts';
import { openHold } from '../support/database-hold.ts';
import type { DatabaseHold } from '../support/database-hold.ts';
import { holdAnswers, holdLink, holdPartnerCall, holdRecord, holdValidation } from './held-orders.ts';
import type { Grip, HeldOrder, Moment, Step } from './held-orders.ts';

/** How long an order took from the crash to its answers with the ids, in milliseconds. */
export interface Recovery {
  crash: CrashKind;
  step: Step;
  moment: Moment;
  ms: number;
}

/**
 * Makes one crash while several orders are each held in another step. A step that is held `before` loses its effect. A
 * step that is held `late` has its effect while the crashed part is down.
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
      // Sent twice, as by a double click.
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
    // If an order could not be held, the locks of the others must still be released.
    await letGo();
  }
}

/** Brings each order to its moment. @returns a function that lets all of them go. Call it while the part is down. */
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
  // Calls to RideNDine come late, since they are held only until the worker's timeout. Validations come last, since no
  // order passes a held validation.
  const partnerCalls = held.filter(({ step }) => step === 'createRideNDineOrder');
  await Promise.all(partnerCalls.map((one) => holdPartnerCall(grip, one)));
  const validations = await holdEach('validateCheckout', holdValidation);

  return async () => {
    for (const { hold } of [...ofMoment('before'), ...validations]) await hold.cancelWaiting();
    await letGo();
  };
}
