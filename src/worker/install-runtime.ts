import type { Logger } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { SettingsError } from '../config/environment.ts';
import { workerMetrics } from '../telemetry/metrics.ts';

/** Buckets for one call over the network: from a fast read to a slow call to RideNDine. */
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
/** Buckets for orders and stages: from a step that nothing delays to a review that takes days. */
const ORDER_SECONDS = [
  0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60, 300, 1800, 7200, 43_200, 86_400, 604_800,
];
/** Buckets for latencies. The SDK's own buckets begin at 100 ms, in which a whole order can be done. */
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** Each key applies to all metrics whose name contains the key, so no metric's name may contain two of the keys. */
const histogramBucketOverrides: Record<string, number[]> = {
  [workerMetrics.partnerAttemptDuration.name]: CALL_SECONDS,
  [workerMetrics.directusRequestDuration.name]: CALL_SECONDS,
  // Applies to `cooco_order_stage`, the stages of an order, too.
  [workerMetrics.orderDuration.name]: ORDER_SECONDS,
  schedule_to_start_latency: LATENCY_SECONDS,
  activity_execution_latency: LATENCY_SECONDS,
  workflow_endtoend_latency: ORDER_SECONDS,
};

/**
 * Prepares the Temporal SDK of this process: its log and its metrics. The SDK ignores the signals that stop the
 * process.
 *
 * @param options.metricsAddress where Prometheus finds the metrics, at `/metrics`; without it there are no metrics.
 * @throws {SettingsError} if nothing can listen at that address.
 */
export function installRuntime({
  logger,
  metricsAddress,
}: {
  logger: Logger;
  metricsAddress: string | undefined;
}): void {
  try {
    Runtime.install({
      logger,
      telemetryOptions: {
        // The log of the SDK's native part goes to the same logger, which writes one JSON object a line.
        logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
        ...(metricsAddress !== undefined && {
          metrics: {
            attachServiceName: false,
            prometheus: {
              bindAddress: metricsAddress,
              countersTotalSuffix: true,
              unitSuffix: true,
              useSecondsForDurations: true,
              histogramBucketOverrides,
            },
          },
        }),
      },
      // The program stops its workers itself, when it is their turn.
      shutdownSignals: [],
    });
  } catch (error) {
    if (metricsAddress === undefined || !isOfTheExporter(error)) throw error;
    throw new SettingsError([
      `WORKER_METRICS_ADDRESS: nothing can listen at ${metricsAddress} (${reasonIn(error.message)}). Is another program there?`,
    ]);
  }
}

/** The SDK's native part reports this failure only by the words of its message. */
const EXPORTER_FAILED = 'Failed to start prometheus metrics exporter: ';

function isOfTheExporter(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith(EXPORTER_FAILED);
}

function reasonIn(message: string): string {
  return message.slice(EXPORTER_FAILED.length).replace(/ \(os error \d+\)$/, '');
}
