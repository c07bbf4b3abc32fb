import { OrderCreationClient } from '../client/index.ts';
import { SettingsError } from '../config/environment.ts';
import { readGatewaySettings } from '../config/gateway-settings.ts';
import { createLogger } from '../observability/logger.ts';
import { startTracing } from '../observability/tracing.ts';
import { forceOnSecondSignal } from '../process/second-signal.ts';
import { createGateway } from './create-gateway.ts';
import { watchOrderWorkers } from './order-workers.ts';

try {
  const settings = readGatewaySettings(process.env);
  const logger = createLogger({ name: 'gateway', level: settings.logLevel });
  const tracing = await startTracing({ isOn: settings.tracing, program: 'order-creation-gateway', log: logger });
  const client = OrderCreationClient.connect({ ...settings.temporal, encryptionKeys: settings.encryptionKeys });
  const workers = watchOrderWorkers(settings.temporal, () => client.checkConnection());
  const gateway = createGateway({
    orders: client,
    workers,
    apiKeys: settings.apiKeys,
    waitMs: settings.waitMs,
    maxWaiting: settings.maxWaiting,
    logger,
  });
  forceOnSecondSignal('The gateway');
  const stop = async () => {
    await gateway.close();
    await Promise.all([client.close(), workers.close(), tracing.stop()]);
    // A call to Temporal whose caller has been answered already would keep the process until its deadline.
    process.exit();
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  await gateway.listen({ host: settings.host, port: settings.port });
} catch (error) {
  const reason = error instanceof SettingsError ? error.message : `The gateway stopped: ${String(error)}`;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
