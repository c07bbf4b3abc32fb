import { SettingsError } from '../config/environment.ts';
import { readWorkerSettings } from '../config/worker-settings.ts';
import { createWorkerLogger } from '../observability/worker-logger.ts';
import { forceOnSecondSignal } from '../process/second-signal.ts';
import { createWorker } from './create-worker.ts';
import { installRuntime } from './install-runtime.ts';

try {
  forceOnSecondSignal('The worker');
  const settings = readWorkerSettings(process.env);
  installRuntime({ logger: createWorkerLogger(settings.logLevel), metricsAddress: settings.metricsAddress });
  const worker = await createWorker(settings);
  await worker.run();
} catch (error) {
  const reason = error instanceof SettingsError ? error.message : `The worker stopped: ${withoutServersWords(error)}`;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}

/** A server may repeat the credential that it refuses: of its answer, only the code is told. */
function withoutServersWords(error: unknown): string {
  return String(error).replace(/, message: .*/s, '');
}
