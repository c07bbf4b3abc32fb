import { readWorkerSettings } from '../config/worker-settings.ts';
import { startTracing } from '../telemetry/tracing.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { createWorkerLogger } from '../telemetry/worker-logger.ts';
import { endOnFirstSignal, stopOnSignal } from '../runtime/signals.ts';
import { createWorker } from './create-worker.ts';
import { installRuntime } from './install-runtime.ts';
import { stopReason } from './stop-reason.ts';
import { withWorkerConnection } from './worker-connection.ts';

const beginToWork = endOnFirstSignal();
let tracing: Tracing | undefined;
try {
  const settings = readWorkerSettings(process.env);
  const logger = createWorkerLogger(settings.logLevel);
  const begun = await startTracing({ isOn: settings.tracing, program: 'order-creation-worker', log: logger });
  tracing = begun;
  installRuntime({ logger, metricsAddress: settings.metricsAddress });
  await withWorkerConnection(settings.temporal, async (connection) => {
    const worker = await createWorker({ settings, tracing: begun, connection });
    beginToWork();
    stopOnSignal('The worker', () => worker.shutdown());
    await worker.run();
  });
} catch (error) {
  process.stderr.write(`${stopReason('The worker', error)}\n`);
  process.exitCode = 1;
}
await tracing?.stop();
// Spans that no collector takes would keep the process alive until they are given up, and a failed worker for ever.
process.exit();
