import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { createWorkerLogger } from '../../src/telemetry/worker-logger.ts';

/** For tests that terminate runs, or kill workers and the server: the SDK would warn of each. To be called before the first worker. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: createWorkerLogger('fatal'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  });
}
