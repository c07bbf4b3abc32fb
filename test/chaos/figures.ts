import type { RunningStack } from '../support/running-stack.ts';
import type { Violation } from './check.ts';
import type { CrashKind } from './crashes.ts';
import type { Recovery } from './crash-drill.ts';
import { faultNames } from './partner-faults.ts';
import type { FaultName } from './partner-faults.ts';
import type { PlannedOrder } from './planned-order.ts';
import type { StormPlan } from './storm-plan.ts';

/** The results of one run of the suite. */
export interface Figures {
  seed: number;
  /** How many orders there were in the storm, and in the drills with a crash in each step. */
  orders: { storm: number; drills: number };
  /** Requests of the storm for orders that had been sent before. */
  duplicates: number;
  /** HTTP requests, including those that were sent again because there was no final answer yet. */
  requests: number;
  decisions: number;
  /** How often RideNDine was called in the storm. */
  partnerCalls: number;
  faults: Map<FaultName, number>;
  stormCrashes: Map<CrashKind, number>;
  stormMs: number;
  recoveries: Recovery[];
  violations: Map<Violation['kind'], number>;
}

/** Counts the faults that took effect. The faults of an order come in the order of the plan, one for each call. */
export async function countFaults(
  world: RunningStack,
  orders: PlannedOrder[],
): Promise<Pick<Figures, 'faults' | 'partnerCalls'>> {
  const { attempts } = await world.sandbox('/sandbox/attempts');
  const byQuote = Map.groupBy(attempts as { quote_id: string; fault: string | null }[], ({ quote_id }) => quote_id);
  const faults = new Map<FaultName, number>(faultNames.map((name) => [name, 0]));
  const strike = (name: FaultName, times: number) => faults.set(name, (faults.get(name) ?? 0) + times);
  let partnerCalls = 0;
  for (const order of orders) {
    const calls = byQuote.get(order.checkout.quote_id) ?? [];
    partnerCalls += calls.length;
    const struck = calls.filter(({ fault }) => fault !== null).length;
    if (order.isRefusedForGood) strike('status 422', struck);
    for (const name of order.faults.slice(0, struck)) strike(name, 1);
  }
  return { faults, partnerCalls };
}

export function countDuplicates({ requests, orders }: StormPlan): number {
  return requests.length - orders.length;
}

export function countBy<Item, Key>(items: Item[], keyOf: (item: Item) => Key): Map<Key, number> {
  return new Map([...Map.groupBy(items, keyOf)].map(([key, group]) => [key, group.length]));
}
