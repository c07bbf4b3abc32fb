import { setTimeout as delay } from 'node:timers/promises';
import { orderFields } from '../../src/integrations/directus/collections.ts';
import { isToCancel, newObservations } from './observations.ts';
import { createCallers } from './callers.ts';
import type { Engine } from './engine.ts';
import { ifItCan } from './if-it-can.ts';
import { createOperators } from './operators.ts';
import { BRIEF_QUOTE_MS, GRACE_MS, KEY_MS, MARGIN_MS } from './pace.ts';
import { createPeople } from './people.ts';
import { brokenRules } from './rules.ts';
import { storyOf } from './story.ts';
import { runsOf } from './runs.ts';
import type { Runs } from './runs.ts';
import type { Action, Pause, Schedule } from './schedule.ts';
import type { World } from './world.ts';

export interface Findings {
  /** A sentence for each broken rule. */
  broken: string[];
  /** Each action, with the state of its run and its order at that time. */
  reached: string[];
  /** What happened, one line for each event, in the order of time. */
  story: string[];
}

/** The longest time that runs need to come to rest once every request succeeds. */
const REST_MS = 30_000;
/** The most rounds of sweeps, and of decisions, before a schedule counts as endless. */
const MOST_ROUNDS = 4;

/** Carries out a schedule, lets people and the sweep finish everything, and checks the result against the rules. */
export async function runSchedule(engine: Engine, schedule: Schedule): Promise<Findings> {
  const { temporal } = engine;
  const { world, sweepId, close } = engine.open(schedule);
  const observed = newObservations(world);
  const runs = runsOf(temporal, observed);
  const callers = createCallers(engine.callers, observed);
  const people = createPeople(temporal, runs, observed);
  const operators = createOperators(temporal, runs, observed, sweepId);
  const began = Date.now();
  const reached: string[] = [];
  const calls: Promise<void>[] = [];
  const requests: Promise<void>[] = [];

  /** Work that is only awaited after the last action. Its error is recorded at once. */
  const inBackground = (work: Promise<void>) =>
    work.catch((error: unknown) => void observed.stuck.push(`Nobody expects this error: ${String(error)}`));

  async function carryOut(action: Action): Promise<void> {
    switch (action.do) {
      case 'checkout':
        return void calls.push(inBackground(callers.checkOut(action)));
      case 'lookUp':
        return void calls.push(inBackground(callers.lookUp(action.key)));
      case 'cancel':
        return void requests.push(inBackground(people.cancel(action.key, action.by)));
      case 'decide':
        for (let times = action.twice ? 2 : 1; times > 0; times -= 1) {
          requests.push(inBackground(people.decide(action.key, action.decision)));
        }
        return;
      case 'pay':
        return people.pay(action.key);
      case 'editNote':
        return people.editNote(action.key);
      case 'writeLink':
        return people.writeLink(action.key);
      case 'reset':
        return await operators.reset(action.key, action.to);
      case 'sweep':
        return void (await operators.sweep());
      case 'replaceWorker':
        return await engine.replaceWorker();
      case 'pauseCalls':
        return world.pauseCalls();
      case 'resumeCalls':
        return world.resumeCalls();
      case 'wait':
        return await wait(action.until, { began, world, runs, requests });
      default:
        return await operators[action.do](action.key);
    }
  }

  async function bringToTheEnd(): Promise<void> {
    await Promise.all(requests);
    await comeToRest();
    // A sweep that began before Directus came back may still fail.
    await operators.sweep();
    await comeToRest();
    for (let rounds = 0; observed.stuck.length === 0 && (await operators.sweep()) > 0; rounds += 1) {
      await comeToRest();
      if (rounds === MOST_ROUNDS) observed.stuck.push('A sweep continues the same orders again and again.');
    }
    // Each decision may bring an order into review again, for another reason.
    for (let rounds = 0; observed.stuck.length === 0 && rounds < MOST_ROUNDS; rounds += 1) {
      if ((await people.decideTruly()) === 0) return;
      await comeToRest();
    }
  }

  async function comeToRest(): Promise<void> {
    for (const key of await runs.rest(REST_MS))
      observed.stuck.push(`Key ${key}: its run neither ends nor waits for people.`);
  }

  try {
    for (const action of schedule.actions) {
      reached.push(`${nameOf(action)} | ${'key' in action ? await runs.stateOf(action.key) : 'any'}`);
      await carryOut(action);
      // Two requests of a customer are a moment apart.
      await delay(5);
    }
    world.resumeCalls();
    world.heal();
    await operators.unpause();
    await world.settled();
    // A caller without an answer may be about to begin a run.
    await Promise.all(calls);
    await comeToRest();
    // If a run is stuck, skip the rest: each further wait takes 30 s.
    if (observed.stuck.length === 0) await bringToTheEnd();
    const ends = await Promise.all(
      [...world.keys.keys()].map(
        async (key) => `Key ${key} ends as ${await runs.stateOf(key)}${await runs.pendingOf(key)}`,
      ),
    );
    for (const request of observed.requests.filter(isToCancel)) {
      await ifItCan(async () => (request.learned = await runs.learnedOf(request)));
    }
    return { broken: brokenRules(observed), reached, story: [...storyOf(observed, began), ...ends] };
  } finally {
    await Promise.allSettled(
      [...world.keys.keys()].map((key) => runs.handleOf(key).terminate('The schedule is over.')),
    );
    close();
  }
}

async function wait(
  pause: Pause,
  { began, world, runs, requests }: { began: number; world: World; runs: Runs; requests: Promise<void>[] },
): Promise<void> {
  const dates = world.directus.orders().map((row) => Date.parse(String(row[orderFields.dateCreated])));
  const newest = Math.max(0, ...dates);
  switch (pause) {
    case 'moment':
      return await delay(30);
    case 'while':
      return await delay(300);
    case 'settled':
      return void (await runs.rest(3000));
    case 'askingPartner':
      return await runs.untilAnyIs('CREATING_RIDENDINE_ORDER', 1000);
    case 'beforeNextAttempt':
      // This takes longest if the worker of an attempt at RideNDine is gone.
      return await runs.untilAnyTriesAgain('waits', 2000);
    case 'nextAttempt':
      // This is hardly seen unless the worker of the attempt is gone: other attempts last only milliseconds.
      return await runs.untilAnyTriesAgain('made', 3000);
    case 'inReview':
      // This takes longest if the order comes into review at the key's deadline.
      return await runs.untilAnyIs('NEEDS_REVIEW', KEY_MS - MARGIN_MS + 2000);
    case 'answered':
      return void (await Promise.all(requests));
    case 'quoteOver':
      return await delayUntil(began + BRIEF_QUOTE_MS + GRACE_MS + 100);
    case 'deadline':
      return await delayUntil(newest + KEY_MS - MARGIN_MS + 100);
    case 'forgotten':
      return await delayUntil(newest + KEY_MS + 200);
  }
}

function delayUntil(time: number): Promise<void> {
  return delay(Math.max(0, time - Date.now()));
}

function nameOf(action: Action): string {
  switch (action.do) {
    case 'cancel':
      return `cancel by ${action.by}`;
    case 'decide':
      return `decide ${action.decision}${action.twice ? ' twice' : ''}`;
    case 'wait':
      return `wait ${action.until}`;
    case 'reset':
      return `reset to its ${action.to}`;
    default:
      return action.do;
  }
}
