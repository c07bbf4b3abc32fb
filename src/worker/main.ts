import { SettingsError } from '../config/environment.ts';
import { readWorkerSettings } from '../config/worker-settings.ts';
import { startTracing } from '../observability/tracing.ts';
import type { Tracing } from '../observability/tracing.ts';
import { createWorkerLogger } from '../observability/worker-logger.ts';
import { endOnFirstSignal } from '../process/first-signal.ts';
import { forceOnSecondSignal } from '../process/second-signal.ts';
import { createWorker } from './create-worker.ts';
import { installRuntime } from './install-runtime.ts';

const beginToWork = endOnFirstSignal();
let tracing: Tracing | undefined;
try {
  const settings = readWorkerSettings(process.env);
  const logger = createWorkerLogger(settings.logLevel);
  tracing = await startTracing({ isOn: settings.tracing, program: 'order-creation-worker', log: logger });
  installRuntime({ logger, metricsAddress: settings.metricsAddress });
  const worker = await createWorker(settings, tracing);
  beginToWork();
  forceOnSecondSignal('The worker');
  await worker.run();
} catch (error) {
  const reason =
    error instanceof SettingsError
      ? error.message
      : `The worker stopped: ${withoutServersWords(error)}\nIf it can not connect, "npm run doctor" with the same settings says why.`;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
// What a collector does not take would keep the process until it is given up.
if ((await tracing?.stop()) === false) process.exit();

/** A server may repeat the credential that it refuses: of its answer, only the code is told. */
function withoutServersWords(error: unknown): string {
  return String(error).replace(/, message: .*/s, '');
}
