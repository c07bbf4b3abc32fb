import { OrderCreationClient } from '../../client/index.ts';
import { readGatewayWithWorkerSettings } from '../../config/gateway-with-worker-settings.ts';
import { createGatewayService } from '../../gateway/gateway-service.ts';
import type { GatewayService } from '../../gateway/gateway-service.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { startTracing } from '../../telemetry/tracing.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import { createWorkerLogger } from '../../telemetry/worker-logger.ts';
import { endOnFirstSignal, stopOnSignal } from '../../runtime/signals.ts';
import { createWorker } from '../create-worker.ts';
import type { OrderWorker } from '../create-worker.ts';
import { installRuntime } from '../install-runtime.ts';
import { stopReason } from '../stop-reason.ts';
import { withWorkerConnection } from '../worker-connection.ts';

const PROGRAM = 'The gateway with its worker';

const beginToWork = endOnFirstSignal();
let tracing: Tracing | undefined;
try {
  const settings = readGatewayWithWorkerSettings(process.env);
  const { temporal, encryptionKeys, build, metricsAddress, logLevel } = settings.worker;
  const workerLogger = createWorkerLogger(logLevel);
  const logger = createLogger({ name: 'gateway', level: logLevel });
  const begun = await startTracing({ isOn: settings.worker.tracing, program: 'order-creation', log: logger });
  tracing = begun;
  installRuntime({ logger: workerLogger, metricsAddress });
  await withWorkerConnection(temporal, async (connection) => {
    const worker = await createWorker({ settings: settings.worker, tracing: begun, connection });
    // With an eager start, Temporal would hand orders to this worker even if another build takes the orders.
    const eagerStart = build === undefined;
    const client = OrderCreationClient.sharing({
      connection,
      namespace: temporal.namespace,
      encryptionKeys,
      eagerStart,
    });
    const gateway = createGatewayService(settings.gateway, { client, logger });
    logger.info(
      eagerStart
        ? 'Orders are started eagerly: the worker of this process gets the first task of each with the answer to its start.'
        : 'Orders are not started eagerly: this worker is of a build, and Temporal decides which build takes an order.',
    );
    beginToWork();
    await runUntilStopped(gateway, worker);
  });
} catch (error) {
  process.stderr.write(`${stopReason(PROGRAM, error)}\n`);
  process.exitCode = 1;
}
await tracing?.stop();
// A call to Temporal whose caller has already been answered would keep the process alive until the call's deadline.
process.exit();

/** On a signal, callers who wait for an order are answered before the worker stops. If one part fails, both end. */
async function runUntilStopped(gateway: GatewayService, worker: OrderWorker): Promise<void> {
  // A failure to close is ignored here: `work` closes the gateway once more and reports the failure.
  const answered = () => worker.shutdown();
  stopOnSignal(PROGRAM, () => void gateway.close().then(answered, answered));
  const work = async () => {
    try {
      await worker.run();
    } finally {
      await gateway.close();
    }
  };
  const serve = async () => {
    try {
      await gateway.listen();
    } catch (error) {
      worker.shutdown();
      throw error;
    }
  };
  const ended = await Promise.allSettled([work(), serve()]);
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
