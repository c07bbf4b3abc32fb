import { log } from '@temporalio/activity';
import type { OrderCreationActivities } from './order-creation-activities.ts';
import type { OrderRuns } from './order-runs.ts';
import { knownFrom } from './attempt-note.ts';
import { currentRun } from './current-run.ts';

const STEP = 'createRideNDineOrder' satisfies keyof OrderCreationActivities;

export function stopPartnerAttemptsWith({
  runs,
}: {
  runs: Pick<OrderRuns, 'stopAttempts'>;
}): OrderCreationActivities['stopPartnerAttempts'] {
  return async () => {
    const attempts = await runs.stopAttempts(currentRun(), STEP);
    // `null`: the step is over, and the run knows how it ended. `'unstoppable'`: nothing is proven.
    if (attempts === null || attempts === 'unstoppable') return { maybe_sent: true, code: null };
    if (attempts.unreadable) {
      log.warn('The note that the attempts at RideNDine have left cannot be decoded: the order counts as maybe sent.');
      return { maybe_sent: true, code: null };
    }
    const { heartbeatDetails, nextAttempt, isFirst, isLost } = attempts;
    const { maybe_sent, code } = knownFrom(heartbeatDetails, { attempt: nextAttempt, isFirst });
    return isLost ? { maybe_sent: true, code, is_lost: true } : { maybe_sent, code };
  };
}
