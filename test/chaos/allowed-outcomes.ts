import { faultKinds, isRefusal } from './partner-faults.ts';
import type { Outcome, PlannedOrder } from './planned-order.ts';

/**
 * How the order may end. An order that RideNDine refuses once ends as FAILED. If the customer sends it again after
 * that, it ends as LINKED. If RideNDine may have the order, a refusal brings it to review, and support staff link it.
 */
export function allowedOutcomes({
  faults,
  isRefusedForGood,
}: Pick<PlannedOrder, 'faults' | 'isRefusedForGood'>): Outcome[] {
  if (isRefusedForGood) return ['FAILED'];
  const firstRefusal = faults.findIndex((name) => isRefusal(name));
  if (firstRefusal === -1) return ['LINKED'];
  const mayBeThere = faults.slice(0, firstRefusal).some((name) => faultKinds[name].leaves === 'maybe sent');
  return mayBeThere ? ['LINKED'] : ['FAILED', 'LINKED'];
}
