import path from 'node:path';
import type { TemporalSettings } from '../src/config/temporal-settings.ts';
import { baseEnvironment, environmentWith } from './child-environment.ts';
import { programFile } from './program-file.ts';
import type { StackSecrets } from './secrets.ts';
import type { StackSettings } from './settings.ts';
import type { PartCommand } from './supervisor.ts';

/** Below the stack's own 5 s: what is not finished by then is retried by Temporal at the next start. */
const SHUTDOWN_GRACE = '1s';
const HOST = '127.0.0.1';

/** What the programs have in common, besides Temporal. */
const SHARED = ['LOG_LEVEL', 'OTEL_'];

interface PartOptions {
  settings: StackSettings;
  secrets: StackSecrets;
}

export function sandboxCommand({ settings, secrets }: PartOptions): PartCommand {
  return {
    name: 'ridendine-sandbox',
    ...program('sandbox/ridendine/main.ts'),
    env: {
      ...baseEnvironment(settings.environment),
      SANDBOX_HOST: HOST,
      SANDBOX_PORT: String(settings.ports.ridendine),
      SANDBOX_DATA_FILE: path.join(settings.dataDir, 'ridendine', 'orders.db'),
      SANDBOX_API_KEY: secrets.ridendineApiKey,
    },
  };
}

/** It gets the credential of the service account and of the partner, and no administrator's. */
export function workerCommand(
  options: PartOptions & { temporal: TemporalSettings; directusUrl: string; ridendineUrl: string },
): PartCommand {
  const { settings, secrets, directusUrl, ridendineUrl } = options;
  const own = ['RIDENDINE_', 'QUOTE_GRACE', 'REVIEW_WINDOW', 'DIRECTUS_PUBLIC_URL', 'RUNBOOK_URL', 'WORKER_'];
  return {
    name: 'worker',
    ...program('src/worker/main.ts'),
    env: {
      WORKER_SHUTDOWN_GRACE: SHUTDOWN_GRACE,
      // Its orders have their runs in another Temporal, and here they would seem to have none.
      ...(settings.given.directus && { WORKER_SWEEP: 'off' }),
      ...environmentWith(settings.environment, [...SHARED, ...own]),
      ...temporalVariables(options),
      DIRECTUS_URL: directusUrl,
      DIRECTUS_TOKEN: secrets.directusServiceToken,
      RIDENDINE_BASE_URL: ridendineUrl,
      RIDENDINE_API_KEY: secrets.ridendineApiKey,
      ENCRYPTION_KEYS: secrets.encryptionKeys,
    },
  };
}

/** It knows Temporal and its own callers, neither Directus nor the partner. */
export function gatewayCommand(options: PartOptions & { temporal: TemporalSettings }): PartCommand {
  const { settings, secrets } = options;
  return {
    name: 'gateway',
    ...program('src/gateway/main.ts'),
    env: {
      GATEWAY_API_KEYS: secrets.gatewayKey,
      ...environmentWith(settings.environment, [...SHARED, 'GATEWAY_']),
      ...temporalVariables(options),
      GATEWAY_HOST: settings.gatewayHost,
      GATEWAY_PORT: String(settings.ports.gateway),
      ENCRYPTION_KEYS: secrets.encryptionKeys,
    },
  };
}

/** Both in one process: it gets what each of them gets. */
export function gatewayWithWorkerCommand(options: Parameters<typeof workerCommand>[0]): PartCommand {
  return {
    name: 'gateway-with-worker',
    ...program('src/worker/with-gateway/main.ts'),
    env: { ...workerCommand(options).env, ...gatewayCommand(options).env },
  };
}

/**
 * It has the keys and nothing else. Not reached from outside this machine, whatever is set: to all who know the path, it
 * gives away what is encrypted.
 */
export function codecServerCommand({ settings, secrets }: PartOptions): PartCommand {
  const { ports } = settings;
  return {
    name: 'codec-server',
    ...program('src/codec-server/main.ts'),
    env: {
      ...environmentWith(settings.environment, SHARED),
      CODEC_SERVER_HOST: HOST,
      CODEC_SERVER_PORT: String(ports.codecServer),
      CODEC_SERVER_UI_ORIGINS: `http://localhost:${ports.temporalUi},http://127.0.0.1:${ports.temporalUi}`,
      CODEC_SERVER_PATH_SEGMENT: secrets.codecPathSegment,
      ENCRYPTION_KEYS: secrets.encryptionKeys,
    },
  };
}

/** A Temporal of the user's own comes with its credentials; the embedded one must not be tried with them. */
function temporalVariables({ settings, temporal }: { settings: StackSettings; temporal: TemporalSettings }) {
  return {
    ...(settings.given.temporal === undefined
      ? {}
      : environmentWith(settings.environment, ['TEMPORAL_', 'XDG_CONFIG_HOME'])),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}

function program(source: string): { command: string; args: string[] } {
  return { command: process.execPath, args: [programFile(source)] };
}
