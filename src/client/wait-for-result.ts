import type { WorkflowHandle } from '@temporalio/client';
import type { OrderCreationResult } from '../domain/order.ts';
import type { orderCreation } from '../workflows/order-creation.ts';
import type { TemporalCalls } from './temporal-calls.ts';
import { gotNoAnswer, ranOutOfTime } from './temporal-failures.ts';

/** Longest that one request waits: the server ends a long poll after 20 s, a connection that is dead never does. */
const POLL_TIMEOUT_MS = 30_000;
/** A server that restarts is away for seconds. */
const PAUSE_MS = 200;

/**
 * Waits for the result of a run until `deadline` (milliseconds since 1970). The server may go away meanwhile, if it
 * comes back.
 *
 * @returns undefined if the time is over and the run was still going on.
 * @throws WorkflowFailedError if the run closes without a result, the last error if Temporal is away when the time is
 *   over.
 */
export async function waitForResult(
  calls: TemporalCalls,
  { handle, deadline }: { handle: WorkflowHandle<typeof orderCreation>; deadline: number },
): Promise<OrderCreationResult | undefined> {
  while (Date.now() < deadline) {
    const pollDeadline = Math.min(deadline, Date.now() + POLL_TIMEOUT_MS);
    try {
      return await calls.by(pollDeadline, () => handle.result());
    } catch (error) {
      if (!ranOutOfTime(error) && !gotNoAnswer(error)) throw error;
      const isLast = Date.now() + PAUSE_MS >= deadline;
      if (isLast && ranOutOfTime(error)) return undefined;
      if (isLast) throw error;
      await calls.pause(PAUSE_MS);
    }
  }
  return undefined;
}
