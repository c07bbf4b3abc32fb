import { OrderCreationClient } from '../client/index.ts';
import { SettingsError } from '../config/environment.ts';
import { readGatewaySettings } from '../config/gateway-settings.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { stopOnSignal } from '../runtime/signals.ts';
import { createGatewayService } from './gateway-service.ts';

try {
  const settings = readGatewaySettings(process.env);
  const logger = createLogger({ name: 'gateway', level: settings.logLevel });
  const tracing = await startTracing({ isOn: settings.tracing, program: 'order-creation-gateway', log: logger });
  const client = OrderCreationClient.connect({ ...settings.temporal, encryptionKeys: settings.encryptionKeys });
  const gateway = createGatewayService(settings, { client, logger });
  const stop = async () => {
    await gateway.close();
    await tracing.stop();
    // Otherwise a call to Temporal whose caller is answered already would keep the process alive until its deadline.
    process.exit();
  };
  stopOnSignal('The gateway', () => void stop());
  await gateway.listen();
} catch (error) {
  const reason = error instanceof SettingsError ? error.message : `The gateway stopped: ${String(error)}`;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
