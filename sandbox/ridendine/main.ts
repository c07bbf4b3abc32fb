import { pino } from 'pino';
import { createSandbox } from './server.ts';
import { SettingsError, type SandboxSettings, readSettings } from './settings.ts';

/** RideNDine's stand-in as a process of its own. README.md says what it reads from the environment. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const logger = pino({ base: { service: 'ridendine-sandbox' } });
  const sandbox = createSandbox({ apiKey: settings.apiKey, dataFile: settings.dataFile, logger });

  const stop = (): void => void sandbox.close().catch(fail);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  try {
    await sandbox.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await sandbox.close();
    throw new Error(explainListenFailure(error, settings), { cause: error });
  }
}

function explainListenFailure(error: unknown, { host, port }: SandboxSettings): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return code === 'EADDRINUSE'
    ? `Port ${port} on ${host} is taken by another program: end that program or set SANDBOX_PORT.`
    : `The sandbox cannot listen on ${host}, port ${port} (${code}): check SANDBOX_HOST and SANDBOX_PORT.`;
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const intro = error instanceof SettingsError ? 'The RideNDine sandbox cannot start with these settings:\n' : '';
  process.stderr.write(`${intro}${message}\n`);
  process.exitCode = 1;
}

await main().catch(fail);
