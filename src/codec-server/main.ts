import { readCodecServerSettings } from '../config/codec-server-settings.ts';
import { SettingsError } from '../config/environment.ts';
import { parseEncryptionKeys } from '../temporal/encryption-keys.ts';
import { createLogger } from '../telemetry/logger.ts';
import { stopOnSignal } from '../runtime/signals.ts';
import { createCodecServer } from './create-codec-server.ts';

try {
  const settings = readCodecServerSettings(process.env);
  const server = await createCodecServer({
    keys: parseEncryptionKeys(settings.encryptionKeys),
    uiOrigins: settings.uiOrigins,
    access: settings.access,
    logger: createLogger({ name: 'codec-server', level: settings.logLevel }),
  });
  const stop = async () => {
    await server.close();
    // Otherwise a request for the keys of tokens that is under way could keep the process alive.
    process.exit();
  };
  stopOnSignal('The codec server', () => void stop());
  await server.listen({ host: settings.host, port: settings.port });
} catch (error) {
  const reason = error instanceof SettingsError ? error.message : `The codec server stopped: ${String(error)}`;
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
