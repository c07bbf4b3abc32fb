import { Connection } from '@temporalio/client';
import { TemporalUnavailableError } from '../client/index.ts';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import { countWorkersOfEachTaker } from '../temporal/order-pollers.ts';
import { findPause } from '../temporal/partner-pause.ts';
import { askForQueue } from '../temporal/order-workers.ts';
import { inTime } from '../temporal/temporal-calls.ts';

/** Probes come every few seconds from several sides; Temporal need not hear of each. */
const KNOWN_FOR_MS = 3000;
const ANSWER_TIMEOUT_MS = 2000;
/** gRPC would wait up to two minutes between attempts to reach a server that was gone. */
const LONGEST_RECONNECT_PAUSE_MS = 2000;

export interface OrderWorkers {
  /**
   * How many workers have asked Temporal for orders of late, and would be given some; while two builds share the orders,
   * of the one that has fewer. 0: orders wait. @throws {TemporalUnavailableError}
   */
  count(): Promise<number>;
  /** Whether they ask RideNDine for no orders just now, because somebody has paused that. @throws {TemporalUnavailableError} */
  arePaused(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Asks Temporal over a connection of its own, so that what waits for orders is not in the way.
 *
 * @param checkConnection fails while the connection that carries the orders does: then nothing else matters.
 */
export function watchOrderWorkers(
  { namespace, ...options }: TemporalSettings,
  checkConnection: () => Promise<void>,
): OrderWorkers {
  const connection = Connection.lazy({
    ...options,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_PAUSE_MS },
    // The SDK would make a request again after close(), and throw where nobody can catch it. Whoever asks asks again.
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
