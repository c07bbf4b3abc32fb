import type { Client } from '@temporalio/client';
import type { Logger, MetricMeter } from '@temporalio/common';
import { PAUSE_NOTICED_WITHIN_MS } from '../contract/partner-pause.ts';
import type { PartnerPause } from '../domain/partner-pause.ts';
import { setGauge } from '../telemetry/metrics.ts';
import { findPause, pauseIn } from '../temporal/partner-pause.ts';

/** The time-out of one look, and the time between two looks. Even if two looks are slow, a pause is noticed in time. */
const TIMEOUT_MS = 2000;
const LOOK_EVERY_MS = PAUSE_NOTICED_WITHIN_MS - 2 * TIMEOUT_MS - 1000;

export interface PauseWatch {
  /**
   * The pause as it was at most {@link PAUSE_NOTICED_WITHIN_MS} ago, or as it was last seen if Temporal does not
   * answer. `null` if calls are not paused.
   */
  current(): PartnerPause | null;
  stop(): void;
}

/** Begins to look whether calls to RideNDine are paused. @throws what the SDK throws, if the first look fails. */
export async function watchPause(options: { client: Client; meter: MetricMeter; logger: Logger }): Promise<PauseWatch> {
  const { client, meter, logger } = options;
  const { namespace, loadedDataConverter } = client.options;
  let isKnown = true;
  let isStopped = false;
  let seen: { runId: string; pause: PartnerPause } | null = null;

  const look = async () => {
    const open = await client.withDeadline(Date.now() + TIMEOUT_MS, () => findPause(client.connection, namespace));
    if (open?.runId !== seen?.runId) {
      seen = open && { runId: open.runId, pause: await pauseIn(open, loadedDataConverter) };
      logger.warn(seen ? 'Calls to RideNDine are paused.' : 'Calls to RideNDine are resumed.');
    }
    setGauge(meter, 'partnerPaused', seen ? 1 : 0);
  };
  const lookAgain = async () => {
    try {
      await look();
      isKnown = true;
    } catch {
      // One line for each outage of Temporal, during which this worker gets no orders either.
      if (isKnown && !isStopped) logger.warn('Temporal does not tell whether calls to RideNDine are paused.');
      isKnown = false;
    }
    if (!isStopped) timer.refresh();
  };
  await look();
  const timer = setTimeout(() => void lookAgain(), LOOK_EVERY_MS).unref();
  return {
    current: () => seen?.pause ?? null,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
