import type { CrashKind } from './crashes.ts';
import { planOrder } from './order-plan.ts';
import { faultNames, isRefusal, isSlow } from './partner-faults.ts';
import type { FaultName } from './partner-faults.ts';
import type { PlannedOrder } from './planned-order.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface PlannedCrash {
  kind: CrashKind;
  /** It comes once so many requests have their final answer. */
  afterAnswers: number;
}

export interface StormPlan {
  orders: PlannedOrder[];
  /** The requests in the order in which they are sent, an order's several times over: duplicates are among them. */
  requests: PlannedOrder[];
  crashes: PlannedCrash[];
}

/** Each of these once for so many orders, at random moments: rare enough that work goes on between them. */
const ORDERS_PER_ROUND = 100;
const stormCrashes: CrashKind[] = ['worker', 'temporal', 'directus', 'gateway'];

/** A pause of 10 s and more is worth seeing, and would be most of what the storm does. */
const SLOW_SHARE = 0.05;
const REFUSED_FOR_GOOD_SHARE = 0.03;

/** How many faults an order meets: the more, the rarer. */
const faultCounts = [0, 0, 1, 1, 1, 1, 2, 2, 3];

/** What happens in a storm; the same random choices plan the same one. Each kind of fault comes at least once. */
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

/** A slow one comes first: the pause grows with each attempt. Nothing comes after a refusal but the next customer. */
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
