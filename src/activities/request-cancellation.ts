import { currentRun } from './current-run.ts';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import type { OrderRuns } from './order-runs.ts';

export function requestCancellationWith({
  runs,
}: {
  runs: Pick<OrderRuns, 'requestCancellation'>;
}): OrderCreationActivities['requestCancellation'] {
  return () => runs.requestCancellation(currentRun());
}
