import { Connection } from '@temporalio/client';
import { TemporalUnavailableError } from '../client/index.ts';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import { countWorkersOfEachTaker } from '../temporal/order-pollers.ts';
import { findPause } from '../temporal/partner-pause.ts';
import { askForQueue } from '../temporal/order-workers.ts';
import { inTime } from '../temporal/temporal-calls.ts';

/** How long an answer is reused. Several probes come every few seconds, and Temporal need not answer each one. */
const KNOWN_FOR_MS = 3000;
const ANSWER_TIMEOUT_MS = 2000;
/** gRPC's default is a pause of up to two minutes before it tries to reach a lost server again. */
const LONGEST_RECONNECT_PAUSE_MS = 2000;

export interface OrderWorkers {
  /**
   * How many workers have recently asked Temporal for orders, of a build that gets orders. While two builds share the
   * orders, the count of the build with fewer workers. 0: orders wait. @throws {TemporalUnavailableError}
   */
  count(): Promise<number>;
  /** Whether somebody has paused the calls to RideNDine, so that orders wait. @throws {TemporalUnavailableError} */
  arePaused(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Asks Temporal over a separate connection, so that requests that wait for orders cannot delay it.
 *
 * @param checkConnection must reject while the connection that carries the orders fails: then the gateway is not ready,
 *   whatever the separate connection can do.
 */
export function watchOrderWorkers(
  { namespace, ...options }: TemporalSettings,
  checkConnection: () => Promise<void>,
): OrderWorkers {
  const connection = Connection.lazy({
    ...options,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_PAUSE_MS },
    // Without the SDK's retries: after close() a retry would throw where nobody can catch it. Probes ask again anyway.
    interceptors: [],
  });
  const ask = async () => {
    await checkConnection();
    const [queue, pause] = await connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, () =>
      Promise.all([askForQueue(connection, namespace), findPause(connection, namespace)]),
    );
    return { count: countWorkersOfEachTaker(queue), arePaused: pause !== null };
  };
  const askInTime = async () => {
    try {
      return await inTime(Date.now() + ANSWER_TIMEOUT_MS, ask);
    } catch (error) {
      throw new TemporalUnavailableError('Temporal cannot be reached.', { cause: error });
    }
  };
  let known: { answer: ReturnType<typeof askInTime>; untilMs: number } | undefined;
  const look = () => {
    if (known === undefined || Date.now() >= known.untilMs) {
      known = { answer: askInTime(), untilMs: Date.now() + KNOWN_FOR_MS };
    }
    return known.answer;
  };

  return {
    count: async () => (await look()).count,
    arePaused: async () => (await look()).arePaused,
    close: () => connection.close(),
  };
}
