import { Runtime } from '@temporalio/worker';
import { SettingsError } from '../config/environment.ts';
import { readWorkerSettings } from '../config/worker-settings.ts';
import { createWorkerLogger } from '../observability/worker-logger.ts';
import { forceOnSecondSignal } from '../process/second-signal.ts';
import { createWorker } from './create-worker.ts';

try {
  forceOnSecondSignal('The worker');
  const settings = readWorkerSettings(process.env);
  Runtime.install({
    logger: createWorkerLogger(settings.logLevel),
    // What the native part of the SDK has to say goes the same way: one JSON object a line.
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    // SIGINT and SIGTERM: no new task is taken, running activities get WORKER_SHUTDOWN_GRACE to end.
    shutdownSignals: ['SIGINT', 'SIGTERM'],
  });
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
