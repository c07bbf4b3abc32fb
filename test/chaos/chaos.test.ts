import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRunningStack } from '../support/running-stack.ts';
import type { RunningStack } from '../support/running-stack.ts';
import { findViolations } from './check.ts';
import type { Violation } from './check.ts';
import { crashNames } from './crashes.ts';
import { runDrill } from './crash-drill.ts';
import type { Recovery } from './crash-drill.ts';
import { createCustomers } from './customers.ts';
import type { Customers } from './customers.ts';
import { countBy, countDuplicates, countFaults } from './figures.ts';
import type { Figures } from './figures.ts';
import { drills } from './drills.ts';
import type { HeldOrder } from './held-orders.ts';
import { planOrder } from './order-plan.ts';
import { RIDENDINE_TIMEOUT_MS } from './partner-faults.ts';
import type { PlannedOrder } from './planned-order.ts';
import { addFaults, addQuotes, addStore } from './quotes.ts';
import { describeRun, writeReliabilityPage } from './reliability-page.ts';
import { seededRandom } from './seeded-random.ts';
import { readChaosSettings } from './settings.ts';
import { readSnapshot } from './snapshot.ts';
import { runStorm } from './storm.ts';
import { planStorm } from './storm-plan.ts';
import type { StormPlan } from './storm-plan.ts';
import { createSupportDesk } from './support-desk.ts';
import type { SupportDesk } from './support-desk.ts';

const settings = readChaosSettings(process.env);
const { seed } = settings;

/** Covers the slowest recovery and the longest pause before a retry, with a margin for a busy machine. */
const PATIENCE_MS = 120_000;
const START_TIMEOUT_MS = 360_000;
const DRILL_TIMEOUT_MS = 180_000;
/** Three times as long as the storm takes on two cores. */
const STORM_TIMEOUT_MS = 120_000 + settings.orders * 1_500;

const recoveries: Recovery[] = [];
const drilled: PlannedOrder[] = [];
let storm: StormPlan;
let stormMs: number;
let world: RunningStack;
let supportDesk: SupportDesk;
let customers: Customers;

beforeAll(async () => {
  process.stdout.write(`Chaos with CHAOS_SEED=${seed} CHAOS_ORDERS=${settings.orders}\n`);
  world = await startRunningStack({ RIDENDINE_TIMEOUT_MS: String(RIDENDINE_TIMEOUT_MS), GATEWAY_WAIT_MS: '5000' });
  supportDesk = createSupportDesk(world);
  customers = createCustomers({ world, supportDesk, patienceMs: PATIENCE_MS });
  await addStore(world);
}, START_TIMEOUT_MS);
afterAll(() => world.stop());

const rounds = Array.from({ length: settings.rounds }, (_, index) => index + 1);

describe.each(rounds)('an order in any of its steps, round %i', (round) => {
  it.each(drills)(
    'comes through a $name',
    async ({ name: what, crash, moments }) => {
      const random = seededRandom(seed, `${what}, round ${round}`);
      const held: HeldOrder[] = moments.map(([step, moment]) => {
        const name = `order in ${step}, ${moment} its effect, at the ${crashNames[crash]}`;
        return { step, moment, order: planOrder(random, { name }) };
      });
      const orders = held.map(({ order }) => order);
      drilled.push(...orders);
      await addQuotes(world, orders);

      const outcome = await runDrill(world, { crash, held, customers });

      recoveries.push(...outcome.recoveries);
      const withoutIds = outcome.answers.filter(({ ids }) => ids === undefined);
      expect({ seed, withoutIds }).toEqual({ seed, withoutIds: [] });
    },
    DRILL_TIMEOUT_MS,
  );
});

describe('a storm of orders, duplicates, faults and crashes', () => {
  it(
    'leaves no request without its final answer',
    async () => {
      storm = planStorm(seededRandom(seed, 'storm'), { orders: settings.orders });
      await addQuotes(world, storm.orders);
      await addFaults(world, storm.orders);
      const startedAt = performance.now();

      await runStorm(world, { plan: storm, customers });

      stormMs = performance.now() - startedAt;
      const unanswered = customers.answers.filter(({ status }) => status === undefined);
      expect({ seed, unanswered }).toEqual({ seed, unanswered: [] });
    },
    STORM_TIMEOUT_MS,
  );

  it('leaves no order lost, doubled or stuck', async () => {
    const orders = [...drilled, ...storm.orders];
    const violations = findViolations(await readSnapshot(world, { orders, answers: customers.answers }));

    const figures = await figuresOf(violations);
    process.stdout.write(`${describeRun(figures)}\n`);
    if (settings.isWritten) await writeReliabilityPage(figures);
    const found = violations.map(({ kind, sentence }) => `${kind}: ${sentence}`);
    expect({ seed, found }).toEqual({ seed, found: [] });
  });

  it('loses no part but those that it ends', async () => {
    const crash = await Promise.race([world.stack.crash, Promise.resolve(undefined)]);

    expect(crash?.message).toBeUndefined();
  });
});

async function figuresOf(violations: Violation[]): Promise<Figures> {
  return {
    seed,
    orders: { storm: storm.orders.length, drills: drilled.length },
    duplicates: countDuplicates(storm),
    requests: customers.requestCount(),
    decisions: supportDesk.decisionCount(),
    ...(await countFaults(world, storm.orders)),
    stormCrashes: countBy(storm.crashes, ({ kind }) => kind),
    stormMs,
    recoveries,
    violations: countBy(violations, ({ kind }) => kind),
  };
}
