import { faultKinds, isRefusal } from './partner-faults.ts';
import type { Outcome, PlannedOrder } from './planned-order.ts';

/**
 * How the order may end. One that is refused once ends as FAILED, or linked if the customer's next request comes after
 * that; once RideNDine may have it, a refusal only sends it to support staff, who link it.
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
