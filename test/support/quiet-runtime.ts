import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';

/**
 * Silences the SDK, for tests that terminate runs or kill workers or the server: the SDK would warn each time. Call
 * this before the first worker is made.
 */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: createWorkerLogger('fatal'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}
