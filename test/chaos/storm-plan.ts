import type { CrashKind } from './crashes.ts';
import { planOrder } from './order-plan.ts';
import { faultNames, isRefusal, isSlow } from './partner-faults.ts';
import type { FaultName } from './partner-faults.ts';
import type { PlannedOrder } from './planned-order.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface PlannedCrash {
  kind: CrashKind;
  /** The crash comes as soon as this many requests have their final answer. */
  afterAnswers: number;
}

export interface StormPlan {
  orders: PlannedOrder[];
  /** The requests in the sequence in which they are sent. An order that is sent again is in the list again. */
  requests: PlannedOrder[];
  crashes: PlannedCrash[];
}

/** For this many orders, each crash comes once, at a random moment. In between, orders have time to go on. */
const ORDERS_PER_ROUND = 100;
const stormCrashes: CrashKind[] = ['worker', 'temporal', 'directus', 'gateway'];

/** Few orders get a slow fault. With more, pauses of 10 s and longer would fill most of the storm. */
const SLOW_SHARE = 0.05;
const REFUSED_FOR_GOOD_SHARE = 0.03;

/** How many faults an order meets, drawn from this list. Most orders meet one; many faults are rare. */
const faultCounts = [0, 0, 1, 1, 1, 1, 2, 2, 3];

/** Plans a storm. The same random choices give the same plan. Each kind of fault comes, if there are enough orders. */
export function planStorm(random: SeededRandom, { orders: count }: { orders: number }): StormPlan {
  const orders = Array.from({ length: count }, (_, index) => {
    const due = faultNames[index];
    const name = `storm order ${index + 1}`;
    if (due !== undefined) return planOrder(random, { name, faults: [due] });
    if (random.next() < REFUSED_FOR_GOOD_SHARE) return planOrder(random, { name, isRefusedForGood: true });
    return planOrder(random, { name, faults: planFaults(random) });
  });
  return { orders, requests: planRequests(random, orders), crashes: planCrashes(random, count) };
}

const quickFaults = faultNames.filter((name) => !isSlow(name));
const slowFaults = faultNames.filter(isSlow);

/** A slow fault comes first: its pause grows with each attempt. A refusal comes last: it ends the attempts. */
function planFaults(random: SeededRandom): FaultName[] {
  const slow = random.next() < SLOW_SHARE ? [random.pick(slowFaults)] : [];
  const quick = Array.from({ length: random.pick(faultCounts) }, () => random.pick(quickFaults));
  const refusal = quick.findIndex(isRefusal);
  return [...slow, ...(refusal === -1 ? quick : quick.slice(0, refusal + 1))];
}

/** Half of the orders are sent again: right away, as by a double click, or at any time later. */
function planRequests(random: SeededRandom, orders: PlannedOrder[]): PlannedOrder[] {
  const sent = orders.map((order, at) => ({ order, at }));
  const again = orders.flatMap((order, index) =>
    Array.from({ length: random.pick([0, 0, 1, 2]) }, () => {
      const isDoubleClick = random.next() < 0.5;
      return { order, at: isDoubleClick ? index + 0.5 : random.integer(index, orders.length) + 0.5 };
    }),
  );
  return [...sent, ...again].toSorted((a, b) => a.at - b.at).map(({ order }) => order);
}

function planCrashes(random: SeededRandom, orders: number): PlannedCrash[] {
  const rounds = Math.max(1, Math.round(orders / ORDERS_PER_ROUND));
  return Array.from({ length: rounds }, () => stormCrashes)
    .flat()
    .map((kind) => ({ kind, afterAnswers: random.integer(5, Math.max(5, orders - 10)) }))
    .toSorted((a, b) => a.afterAnswers - b.afterAnswers);
}
