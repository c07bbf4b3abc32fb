import type { Logger } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { SettingsError } from '../config/environment.ts';
import { workerMetrics } from '../telemetry/metrics.ts';

/** One call over the network: from a fast read to the longest that a call to the partner may take. */
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
/** From a step that nothing delays to a review that takes days. */
const ORDER_SECONDS = [
  0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60, 300, 1800, 7200, 43_200, 86_400, 604_800,
];
/** The SDK's own begin at 100 ms, which is a whole order. */
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** By a part of the name: no name may have two of them in it. */
const histogramBucketOverrides: Record<string, number[]> = {
  [workerMetrics.partnerAttemptDuration.name]: CALL_SECONDS,
  [workerMetrics.directusRequestDuration.name]: CALL_SECONDS,
  // Of its stages, `cooco_order_stage`, too.
  [workerMetrics.orderDuration.name]: ORDER_SECONDS,
  schedule_to_start_latency: LATENCY_SECONDS,
  activity_execution_latency: LATENCY_SECONDS,
  workflow_endtoend_latency: ORDER_SECONDS,
};

/**
 * Prepares the Temporal SDK of this process: its log and its metrics. The signals that stop the process are not its affair.
 *
 * @param options.metricsAddress where Prometheus finds the metrics, at `/metrics`; nowhere if it is not set.
 * @throws {SettingsError} if nothing can listen there.
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
        // What the native part of the SDK has to say goes the same way: one JSON object a line.
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
      // The program stops its workers, when it is their turn.
      shutdownSignals: [],
    });
  } catch (error) {
    if (metricsAddress === undefined || !isOfTheExporter(error)) throw error;
    throw new SettingsError([
      `WORKER_METRICS_ADDRESS: nothing can listen at ${metricsAddress} (${reasonIn(error.message)}). Is another program there?`,
    ]);
  }
}

/** The native part tells it by its words alone. */
const EXPORTER_FAILED = 'Failed to start prometheus metrics exporter: ';

function isOfTheExporter(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith(EXPORTER_FAILED);
}

function reasonIn(message: string): string {
  return message.slice(EXPORTER_FAILED.length).replace(/ \(os error \d+\)$/, '');
}
